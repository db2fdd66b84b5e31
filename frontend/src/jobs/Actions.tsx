import { useNavigate } from "@tanstack/react-router";
import { Pause, Play, RotateCcw, X } from "lucide-react";
import { useState } from "react";
import { Delete } from "@/uploads/Delete";
import { CancelDialog } from "./CancelDialog";
import { type Action, type Job, useAction, useDelete } from "./queries";

const PLAIN = [
  { action: "pause", word: "Pause", Icon: Pause },
  { action: "resume", word: "Resume", Icon: Play },
  { action: "retry", word: "Retry", Icon: RotateCcw },
] as const;

/** What the service says can be asked of this job now; nothing is guessed here. */
export function Actions({ job }: { job: Job }) {
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const remove = useDelete(job.id);
  const act = useAction(job.id);
  const can = (action: string) => job.available_actions.includes(action);
  const ask = (action: Action) => act.mutate(action);
  return (
    <>
      {PLAIN.filter(({ action }) => can(action)).map(({ action, word, Icon }) => (
        <button key={action} type="button" className="button" disabled={act.isPending} onClick={() => ask(action)}>
          <Icon size={14} aria-hidden />
          {word}
        </button>
      ))}
      {can("cancel") && (
        <button type="button" className="button" disabled={act.isPending} onClick={() => setAsking(true)}>
          <X size={14} aria-hidden />
          Cancel
        </button>
      )}
      {can("delete") && (
        <Delete
          what="job"
          name={job.name}
          consequence="Its students, their weights, curves and log go with it. This cannot be undone."
          remove={remove}
          onGone={() => void navigate({ to: "/jobs" })}
        />
      )}
      {asking && <CancelDialog job={job} onClose={() => setAsking(false)} />}
    </>
  );
}
