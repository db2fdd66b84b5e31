import { Link } from "@tanstack/react-router";
import { GitCompareArrows, Trash2, X } from "lucide-react";
import { useState } from "react";
import { FEWEST, MOST } from "@/compare/search";
import { plural } from "@/format";
import type { Job } from "../queries";
import { type Bulk, BulkDialog } from "./BulkDialog";

interface Props {
  jobs: readonly Job[];
  onClear: () => void;
  /** After something was done with all of them: which are gone for good. */
  onDone: (gone: ReadonlySet<string>, told: string) => void;
}

interface Question {
  action: Bulk;
  jobs: readonly Job[];
  others: number;
}

/**
 * What can be done with the chosen jobs, in front of the list's last rows: nothing moves when it comes. A question that
 * was asked stays until it is answered, also when its jobs leave the list meanwhile.
 */
export function BulkBar({ jobs, onClear, onDone }: Props) {
  const [asking, setAsking] = useState<Question | null>(null);
  const ask = (action: Bulk, able: readonly Job[]) =>
    setAsking({ action, jobs: able, others: jobs.length - able.length });
  return (
    <>
      {jobs.length > 0 && <Bar jobs={jobs} onClear={onClear} onAsk={ask} />}
      {asking && <BulkDialog {...asking} onClose={() => setAsking(null)} onDone={onDone} />}
    </>
  );
}

interface BarProps {
  jobs: readonly Job[];
  onClear: () => void;
  onAsk: (action: Bulk, able: readonly Job[]) => void;
}

function Bar({ jobs, onClear, onAsk }: BarProps) {
  const able = (action: Bulk) => jobs.filter((job) => job.available_actions.includes(action));
  const [cancellable, deletable] = [able("cancel"), able("delete")];
  const comparable = jobs.length >= FEWEST && jobs.length <= MOST;
  const compare = (
    <>
      <GitCompareArrows size={14} aria-hidden />
      Compare
    </>
  );
  return (
    <div className="bulk-dock">
      <div className="bulk-bar" role="toolbar" aria-label="What to do with the chosen jobs">
        <strong className="nowrap">{plural(jobs.length, "job")} chosen</strong>
        {comparable ? (
          <Link to="/compare" search={{ jobs: jobs.map((job) => job.id).join(",") }} className="button">
            {compare}
          </Link>
        ) : (
          <button type="button" className="button" disabled title={`${FEWEST} to ${MOST} jobs can be compared`}>
            {compare}
          </button>
        )}
        <button
          type="button"
          className="button"
          disabled={cancellable.length === 0}
          onClick={() => onAsk("cancel", cancellable)}
        >
          <X size={14} aria-hidden />
          Cancel
        </button>
        <button
          type="button"
          className="button danger"
          disabled={deletable.length === 0}
          onClick={() => onAsk("delete", deletable)}
        >
          <Trash2 size={14} aria-hidden />
          Delete
        </button>
        <button type="button" className="button bare" onClick={onClear}>
          Clear
        </button>
      </div>
    </div>
  );
}
