import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { ApiError, api, take } from "@/api/client";
import { plural } from "@/format";
import { Dialog } from "@/ui/Dialog";
import { Notice } from "@/ui/faces";
import { Progress } from "@/ui/Progress";
import { type Job, jobKeys } from "../queries";
import { each, type Failed } from "./bulk";
import { forget } from "./queries";

export type Bulk = "cancel" | "delete";

interface Props {
  action: Bulk;
  /** Those with which it can be done. */
  jobs: readonly Job[];
  /** Chosen ones with which it cannot. */
  others: number;
  onClose: () => void;
  onDone: (gone: ReadonlySet<string>, told: string) => void;
}

const WORDS = {
  cancel: {
    ask: "Cancel",
    after: "They stop for good. Weights that were saved so far can still be downloaded.",
    others: ["is over already and stays as it is", "are over already and stay as they are"],
    keep: "Let them run",
    doing: "Cancelling",
    done: "told to stop",
  },
  delete: {
    ask: "Delete",
    after: "Their students, weights, curves and logs go with them. This cannot be undone.",
    others: ["is not over yet and stays", "are not over yet and stay"],
    keep: "Keep them",
    doing: "Deleting",
    done: "deleted",
  },
} as const;
const NAMED = 8;

/** Asks with the number and the names, does it one by one through the service, tells how far it is and what failed. */
export function BulkDialog({ action, jobs, others, onClose, onDone }: Props) {
  const [typed, setTyped] = useState("");
  const [done, setDone] = useState<number | null>(null);
  const [failed, setFailed] = useState<readonly Failed<Job>[] | null>(null);
  const stop = useRef(new AbortController());
  const client = useQueryClient();
  const words = WORDS[action];
  useEffect(() => () => stop.current.abort(), []);

  const begin = async () => {
    setDone(0);
    const work = (job: Job) => one(action, job.id);
    const bad = await each(jobs, work, { onStep: setDone, signal: stop.current.signal });
    const without = new Set(bad.map(({ item }) => item.id));
    const gone = new Set(action === "delete" ? jobs.map((job) => job.id).filter((id) => !without.has(id)) : []);
    forget(client, gone);
    await client.invalidateQueries({ queryKey: jobKeys.lists });
    onDone(gone, `${plural(jobs.length - bad.length, "job")} ${words.done}.`);
    if (bad.length === 0) onClose();
    else setFailed(bad);
  };

  const number = plural(jobs.length, "job");
  const title = failed
    ? `${failed.length} of ${number} could not be ${action === "cancel" ? "cancelled" : "deleted"}`
    : `${words.ask} ${number}?`;
  return (
    <Dialog title={title} onClose={onClose}>
      {failed ? (
        <Failures failed={failed} />
      ) : (
        <>
          <p>{words.after}</p>
          <Names jobs={jobs} />
          {others > 0 && (
            <p className="small soft">
              {others} more of the chosen {words.others[others === 1 ? 0 : 1]}.
            </p>
          )}
          {action === "delete" && done === null && (
            <label className="field">
              <span>
                To be sure, type their number: <b>{jobs.length}</b>
              </span>
              <input
                className="input"
                inputMode="numeric"
                autoComplete="off"
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
              />
            </label>
          )}
          {done !== null && (
            <div className="stack tight" role="status">
              <span>
                {words.doing} {Math.min(done + 1, jobs.length)} of {jobs.length}
              </span>
              <Progress percent={(100 * done) / jobs.length} label={words.doing} />
            </div>
          )}
        </>
      )}
      <div className="row">
        <button type="button" className="button" onClick={onClose}>
          {failed ? "Close" : done === null ? words.keep : "Stop here"}
        </button>
        {!failed && (
          <button
            type="button"
            className="button danger"
            disabled={done !== null || (action === "delete" && typed.trim() !== String(jobs.length))}
            onClick={() => void begin()}
          >
            {words.ask} {number}
          </button>
        )}
      </div>
    </Dialog>
  );
}

const one = (action: Bulk, id: string): Promise<unknown> =>
  action === "delete"
    ? take(api.DELETE("/v1/jobs/{job_id}", { params: { path: { job_id: id } } }))
    : take(api.POST("/v1/jobs/{job_id}/cancel", { params: { path: { job_id: id } } }));

function Names({ jobs }: { jobs: readonly Job[] }) {
  const more = jobs.length - NAMED;
  return (
    <ul className="job-names">
      {jobs.slice(0, more > 1 ? NAMED : undefined).map((job) => (
        <li key={job.id} className="clip" title={job.name} dir="auto">
          {job.name}
        </li>
      ))}
      {more > 1 && <li className="soft">and {more} more</li>}
    </ul>
  );
}

function Failures({ failed }: { failed: readonly Failed<Job>[] }) {
  return (
    <ul className="stack failures">
      {failed.map(({ item, error }) => (
        <li key={item.id}>
          <Notice kind="bad" title={item.name}>
            <p>{error instanceof ApiError ? `${error.title}. ${error.detail}` : String(error)}</p>
          </Notice>
        </li>
      ))}
    </ul>
  );
}
