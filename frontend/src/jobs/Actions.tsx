import { useNavigate } from "@tanstack/react-router";
import { Pause, Play, RotateCcw, Trash2, X } from "lucide-react";
import { useState } from "react";
import { Dialog } from "@/ui/Dialog";
import { Failure } from "@/ui/faces";
import { CancelDialog } from "./CancelDialog";
import { type Action, type Job, useAction, useDelete } from "./queries";

const PLAIN = [
  { action: "pause", word: "Pause", Icon: Pause },
  { action: "resume", word: "Resume", Icon: Play },
  { action: "retry", word: "Retry", Icon: RotateCcw },
] as const;

/** What the service says can be asked of this job now; nothing is guessed here. */
export function Actions({ job }: { job: Job }) {
  const [asking, setAsking] = useState<"cancel" | "delete" | null>(null);
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
        <button type="button" className="button" disabled={act.isPending} onClick={() => setAsking("cancel")}>
          <X size={14} aria-hidden />
          Cancel
        </button>
      )}
      {can("delete") && (
        <button type="button" className="button danger" onClick={() => setAsking("delete")}>
          <Trash2 size={14} aria-hidden />
          Delete
        </button>
      )}
      {asking === "cancel" && <CancelDialog job={job} onClose={() => setAsking(null)} />}
      {asking === "delete" && <DeleteDialog job={job} onClose={() => setAsking(null)} />}
    </>
  );
}

const LONG = 40;

/** Deleting takes the weights with it: the name must be typed, or one word where the name is long. */
function DeleteDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const navigate = useNavigate();
  const remove = useDelete(job.id);
  const short = job.name.length <= LONG;
  const asked = short ? job.name.trim() : "delete";
  return (
    <Dialog title="Delete this job?" onClose={onClose}>
      <p>Its students, their weights, curves and log go with it. This cannot be undone.</p>
      <label className="field">
        <span className="wrap">
          {short ? "Type its name: " : "To be sure, type "}
          <b>{asked}</b>
        </span>
        <input className="input" value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" />
      </label>
      {remove.isError && <Failure error={remove.error} />}
      <div className="row">
        <button type="button" className="button" onClick={onClose}>
          Keep it
        </button>
        <button
          type="button"
          className="button danger"
          disabled={typed.trim() !== asked || remove.isPending}
          onClick={() => remove.mutate(undefined, { onSuccess: () => void navigate({ to: "/jobs" }) })}
        >
          Delete for good
        </button>
      </div>
    </Dialog>
  );
}
