import { percent, spaced } from "@/format";
import { resultOf } from "@/jobs/groups";
import type { Job } from "@/jobs/queries";
import { bestOf } from "@/jobs/Summary";
import { isOver } from "@/live/changed";
import type { Ending } from "@/live/tab";

const LATELY = 120_000;

/** Whether a job's change is the end that somebody waits for. */
export function isEnding({ change, before }: Ending): boolean {
  return change.object === "job" && change.id !== null && isOver(change.status) && !isOver(before);
}

/** A first word about a job that is over may be about its name: it ended only if that was just now. */
export function endedJustNow(job: Job, before: string | undefined, now = Date.now()): boolean {
  if (!isOver(job.status)) return false;
  return before !== undefined || now - Date.parse(job.finished_at ?? "") < LATELY;
}

/** What is told of it, in two lines. */
export function words(job: Job): { title: string; body: string } {
  const best = bestOf(job)?.standing.top1;
  const figures = best == null ? "" : `Its best student reaches ${percent(best)}.`;
  const body = job.error?.detail ?? resultOf(job).verdict?.text ?? figures;
  return { title: `${job.name}: ${job.status}`, body: spaced(body) };
}
