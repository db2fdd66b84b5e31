import type { ReactNode } from "react";
import type { Schema } from "@/api/client";
import { Status } from "@/ui/Status";
import { Reading } from "./Reading";
import { Rejection } from "./Rejection";

interface Props {
  what: string;
  name: string;
  status: "validating" | "ready" | "rejected";
  since: string;
  progress?: string | null;
  error: Schema<"FailureRead"> | null;
  /** What it turned out to be. */
  children: ReactNode;
  /** Where to look at it, once it is ready. */
  see: ReactNode;
  onAnother: () => void;
  onCancel: (() => void) | undefined;
  /** Asked for by another form, which has taken it already: the way on is back there. */
  within?: boolean | undefined;
}

/** What became of something that was just registered: being read, ready, or refused with the reason. */
export function Outcome(props: Props) {
  const { what, name, status, since, progress, error, children, see, onAnother, onCancel, within } = props;
  const back = within && status === "ready";
  return (
    <section className="stack" aria-label={`What became of ${name}`} aria-live="polite">
      <div className="row">
        <strong className="wrap">{name}</strong>
        <Status value={status} />
      </div>
      {status === "validating" && <Reading what={what} since={since} progress={progress ?? null} />}
      {status === "rejected" && error && <Rejection error={error} />}
      {status === "ready" && children}
      <div className="row">
        {back ? (
          <button type="button" className="button primary" onClick={onCancel}>
            Go on with it
          </button>
        ) : (
          status === "ready" && see
        )}
        <button type="button" className="button" onClick={onAnother}>
          {status === "rejected" ? "Try another" : "Add another"}
        </button>
        {onCancel && !back && (
          <button type="button" className="button" onClick={onCancel}>
            Close
          </button>
        )}
      </div>
    </section>
  );
}
