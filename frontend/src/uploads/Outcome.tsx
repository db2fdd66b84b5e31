import type { ReactNode } from "react";
import type { Schema } from "@/api/client";
import { ago } from "@/format";
import { Status } from "@/ui/Status";
import { useNow } from "@/ui/useNow";
import { Rejection } from "./Rejection";

interface Props {
  what: string;
  name: string;
  status: "validating" | "ready" | "rejected";
  since: string;
  error: Schema<"FailureRead"> | null;
  /** What it turned out to be. */
  children: ReactNode;
  actions: ReactNode;
}

/** What became of something that was just registered: being read, ready, or refused with the reason. */
export function Outcome({ what, name, status, since, error, children, actions }: Props) {
  const now = useNow(1_000);
  return (
    <section className="stack" aria-label={`What became of ${name}`} aria-live="polite">
      <div className="row">
        <strong className="wrap">{name}</strong>
        <Status value={status} />
      </div>
      {status === "validating" && (
        <div className="stack tight">
          <span className="bar wandering" aria-hidden="true">
            <span />
          </span>
          <p className="small soft">
            A worker reads the {what} and checks every part of it. Begun {ago(since, now)}; you may leave this page.
          </p>
        </div>
      )}
      {status === "rejected" && error && <Rejection error={error} />}
      {status === "ready" && children}
      <div className="row">{actions}</div>
    </section>
  );
}
