import { append, coarser, type Points, rewind } from "./buckets";
import { type Job, type JobStudent, type LogLine, MAX_POINTS, type Metrics } from "./queries";

/** One event of a job's stream: its envelope, and beside it what it tells. */
export interface Frame {
  seq: number;
  type: "status" | "progress" | "metric" | "log" | "checkpoint" | "rewind" | "done";
  attempt: number;
  created_at: string;
  [field: string]: unknown;
}

/** The curves after a frame. What the snapshot held already changes nothing. */
export function metricsAfter(metrics: Metrics, frame: Frame): Metrics {
  if (frame.seq <= metrics.last_event) return metrics;
  const next = { ...metrics, last_event: frame.seq };
  if (frame.type === "rewind") {
    next.series = metrics.series.map((one) => rewind(one, frame.to_step as number)).filter((one) => one.step.length);
  }
  if (frame.type === "metric") {
    const series = new Map(metrics.series.map((one) => [`${one.student} ${one.name}`, one]));
    for (const points of frame.series as Points[]) {
      const key = `${points.student} ${points.name}`;
      const empty = { student: points.student, name: points.name, step: [], value: [], min: [], max: [], points: 0 };
      series.set(key, append(series.get(key) ?? empty, points, metrics.width));
    }
    next.series = [...series.values()];
    // The service knew how many steps there will be; if not, the buckets grow with the job.
    while (next.series.some((one) => one.step.length > MAX_POINTS)) {
      next.width *= 2;
      next.series = next.series.map((one) => coarser(one, next.width));
    }
  }
  return next;
}

/** The job after a frame. */
export function jobAfter(job: Job, frame: Frame): Job {
  if (frame.seq <= job.last_event) return job;
  const next: Job = { ...job, last_event: frame.seq, attempt: Math.max(job.attempt, frame.attempt) };
  if (frame.type === "progress") {
    const { percent, step, epoch, total_steps, total_epochs, images_per_second, eta_seconds, updated_at } =
      frame as unknown as Job["progress"];
    next.progress = {
      percent,
      step,
      epoch,
      total_steps,
      total_epochs,
      images_per_second,
      eta_seconds,
      updated_at,
    } as Job["progress"];
    next.heartbeat_at = frame.created_at;
  }
  if (frame.type === "status") {
    const told = frame as Frame & Partial<Job> & { student?: Partial<JobStudent> & { id: string } };
    if (told.student) {
      const { student } = told;
      next.students = job.students.map((one) => (one.id === student.id ? { ...one, ...student } : one));
    } else {
      if (told.status) next.status = told.status;
      if ("phase" in told) next.phase = told.phase ?? null;
      if (told.available_actions) next.available_actions = told.available_actions;
      if ("error" in told) next.error = told.error ?? null;
    }
  }
  return next;
}

/** The log after some frames, copied once however many lines there are. */
export function logAfter(lines: LogLine[], frames: readonly Frame[]): LogLine[] {
  const last = lines.at(-1)?.seq ?? 0;
  const found = frames.filter(({ type, seq }) => type === "log" && seq > last);
  if (found.length === 0) return lines;
  const told = found.map(
    ({ seq, attempt, created_at, level, message }): LogLine => ({
      object: "log",
      seq,
      attempt,
      created_at,
      level: String(level),
      message: String(message),
    }),
  );
  return [...lines, ...told];
}
