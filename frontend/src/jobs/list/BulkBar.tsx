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

/** What can be done with the chosen jobs, in front of the list's last rows: nothing moves when it comes. */
export function BulkBar({ jobs, onClear, onDone }: Props) {
  const [asking, setAsking] = useState<Bulk | null>(null);
  const able = (action: Bulk) => jobs.filter((job) => job.available_actions.includes(action));
  const comparable = jobs.length >= FEWEST && jobs.length <= MOST;
  const compare = (
    <>
      <GitCompareArrows size={14} aria-hidden />
      Compare
    </>
  );
  return (
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
        disabled={able("cancel").length === 0}
        onClick={() => setAsking("cancel")}
      >
        <X size={14} aria-hidden />
        Cancel
      </button>
      <button
        type="button"
        className="button danger"
        disabled={able("delete").length === 0}
        onClick={() => setAsking("delete")}
      >
        <Trash2 size={14} aria-hidden />
        Delete
      </button>
      <button type="button" className="button bare" onClick={onClear}>
        Clear
      </button>
      {asking && (
        <BulkDialog
          action={asking}
          jobs={able(asking)}
          others={jobs.length - able(asking).length}
          onClose={() => setAsking(null)}
          onDone={onDone}
        />
      )}
    </div>
  );
}
