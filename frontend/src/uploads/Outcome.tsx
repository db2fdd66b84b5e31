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
  actions: ReactNode;
}

/** What became of something that was just registered: being read, ready, or refused with the reason. */
export function Outcome({ what, name, status, since, progress, error, children, actions }: Props) {
  return (
    <section className="stack" aria-label={`What became of ${name}`} aria-live="polite">
      <div className="row">
        <strong className="wrap">{name}</strong>
        <Status value={status} />
      </div>
      {status === "validating" && <Reading what={what} since={since} progress={progress ?? null} />}
      {status === "rejected" && error && <Rejection error={error} />}
      {status === "ready" && children}
      <div className="row">{actions}</div>
    </section>
  );
}
