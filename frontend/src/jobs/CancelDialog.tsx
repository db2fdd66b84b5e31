import { Dialog } from "@/ui/Dialog";
import { type Job, useAction } from "./queries";

/** Asks before a job is stopped for good. */
export function CancelDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const act = useAction(job.id);
  return (
    <Dialog title="Cancel this job?" onClose={onClose}>
      <p className="wrap">
        <b>{job.name}</b> stops for good. Weights that were saved so far can still be downloaded.
      </p>
      <div className="row">
        <button type="button" className="button" onClick={onClose}>
          Let it run
        </button>
        <button
          type="button"
          className="button danger"
          onClick={() => {
            act.mutate("cancel");
            onClose();
          }}
        >
          Cancel the job
        </button>
      </div>
    </Dialog>
  );
}
