import type { Schema } from "@/api/client";
import type { Job } from "../queries";

type Attempt = Schema<"AttemptRead">;

/** A stretch of a job's life, in milliseconds since 1970. */
export interface Segment {
  /** `waiting`: no worker has it. Else what the worker did. */
  name: string;
  message: string;
  from: number;
  to: number;
  attempt: number;
}

type Told = Pick<Job, "created_at" | "finished_at" | "phase_history">;

/**
 * What happened when, from the wish to the end or to `now`. A phase ends with its attempt at the latest: until the
 * next attempt begins, the job waits.
 */
export function segmentsOf(job: Told, attempts: readonly Attempt[], now: number): Segment[] {
  const end = job.finished_at ? Date.parse(job.finished_at) : now;
  const tries = attempts
    .map((one) => ({ n: one.n, from: Date.parse(one.started_at), to: one.ended_at ? Date.parse(one.ended_at) : end }))
    .sort((a, b) => a.from - b.from);
  const segments: Segment[] = [];
  let at = Date.parse(job.created_at);
  const upTo = (name: string, message: string, to: number, attempt: number) => {
    if (to > at) segments.push({ name, message, from: at, to, attempt });
    at = Math.max(at, to);
  };
  for (const one of tries) {
    upTo("waiting", "for a free slot", one.from, one.n);
    const phases = job.phase_history.filter(({ started_at }) => {
      const from = Date.parse(started_at);
      return from >= one.from && from < one.to;
    });
    phases.forEach((phase, i) => {
      const next = phases[i + 1]?.started_at ?? phase.ended_at;
      upTo("starting", "preparing files", Date.parse(phase.started_at), one.n);
      upTo(phase.phase, phase.message, Math.min(one.to, next ? Date.parse(next) : one.to), one.n);
    });
    upTo(phases.length ? "ending" : "starting", "", one.to, one.n);
  }
  // A job is over a moment after its last attempt is: then nobody waits any more.
  if (!job.finished_at || end - at >= MOMENT) upTo("waiting", "for a free slot", end, tries.length + 1);
  return segments;
}

const MOMENT = 1_000;

export interface Share {
  name: string;
  seconds: number;
}

/** How long each took altogether, in the order in which they first came. */
export function sharesOf(segments: readonly Segment[]): Share[] {
  const sums = new Map<string, number>();
  for (const { name, from, to } of segments) sums.set(name, (sums.get(name) ?? 0) + (to - from) / 1000);
  return [...sums].map(([name, seconds]) => ({ name, seconds }));
}
