import type { Job } from "@/jobs/queries";

/** What runs comes first, then what waits, the next in line on top, then what is paused. */
export function inLine(a: Job, b: Job): number {
  const rank = (job: Job) => (job.status === "queued" ? 1 : job.status === "paused" ? 2 : 0);
  return rank(a) - rank(b) || b.priority - a.priority || a.id.localeCompare(b.id);
}

const ORDINALS = ["first", "second", "third"];

/** What a queued job waits for: a part that is still being read, or the jobs before it. */
export function placeInLine(job: Job, jobs: readonly Job[]): string {
  if (job.waits_for) return `waits for its ${job.waits_for.startsWith("tch_") ? "teacher" : "data set"} to be read`;
  const line = jobs.filter((one) => one.status === "queued" && !one.waits_for).sort(inLine);
  const place = line.findIndex((one) => one.id === job.id);
  const where = ORDINALS[place] ?? `number ${place + 1}`;
  const gpus = Number((job.recipe.resources as { gpus?: number } | undefined)?.gpus ?? 1);
  return `${where} in line${gpus > 1 ? `, needs ${gpus} GPUs` : ""}`;
}
