import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";
import { type Frame, jobAfter, logAfter, metricsAfter } from "./frames";
import { type Job, jobKeys, type LogLine, type Metrics } from "./queries";

const PAGE = 1000;
const AGAIN = 3_000;

/**
 * Brings what is cached of a job to its newest event. Events are numbered without gaps and fetched one page after the
 * other, so nothing is missed and nothing counts twice.
 */
export class Follower {
  private newest = 0;
  private busy = false;
  private wanted = false;
  private applying = false;
  private stopped = false;
  /** Lines may have been written while the log itself was on its way: until those are there, none is appended. */
  private logWhole = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: QueryClient,
    private readonly id: string,
    private readonly askAgain: (key: QueryKey) => void,
  ) {}

  announced(lastEvent: number | null): void {
    this.newest = Math.max(this.newest, lastEvent ?? 0);
    this.check();
  }

  /** An answer that was on its way may be older than what was applied meanwhile, or newer than the curves beside it. */
  check(): void {
    if (this.applying) return;
    const seen = this.seen();
    if (!seen) return;
    this.newest = Math.max(this.newest, ...seen);
    if (Math.min(...seen) < this.newest) this.pull();
  }

  /** Fetches what is missing; once more where it is asked for meanwhile. */
  pull(): void {
    this.wanted = true;
    if (!this.busy) void this.fetch();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private seen(): [number, number] | null {
    const job = this.client.getQueryData<Job>(jobKeys.one(this.id));
    const metrics = this.client.getQueryData<Metrics>(jobKeys.metrics(this.id));
    return job && metrics ? [job.last_event, metrics.last_event] : null;
  }

  private async fetch(): Promise<void> {
    this.busy = true;
    try {
      while (this.wanted && !this.stopped) {
        this.wanted = false;
        await this.completeLog();
        const seen = this.seen();
        if (seen) await this.pages(Math.min(...seen));
      }
      this.busy = false;
    } catch {
      // Signed out, deleted, or the service is away: asking for the job itself tells which.
      if (this.stopped) return;
      void this.client.invalidateQueries({ queryKey: jobKeys.one(this.id), exact: true });
      this.timer = setTimeout(() => {
        this.busy = false;
        this.pull();
      }, AGAIN);
    }
  }

  private async completeLog(): Promise<void> {
    const lines = this.client.getQueryData<LogLine[]>(jobKeys.log(this.id));
    if (this.logWhole || !lines) return;
    this.logWhole = true;
    try {
      await this.pages(lines.at(-1)?.seq ?? 0, ["log"]);
    } catch (error) {
      this.logWhole = false;
      throw error;
    }
  }

  private async pages(after: number, types?: Frame["type"][]): Promise<void> {
    for (let last = after; !this.stopped; ) {
      const query = { after: last, limit: PAGE, ...(types ? { types } : {}) };
      const params = { path: { job_id: this.id }, query };
      const page = (await take(api.GET("/v1/jobs/{job_id}/events", { params }))) as Schema<"EventList">;
      if (this.stopped) return;
      const frames = page.data as Frame[];
      this.applying = true;
      if (!types) apply(this.client, this.id, frames, this.askAgain);
      if (this.logWhole) appendLines(this.client, this.id, frames);
      this.applying = false;
      if (!page.next) return;
      last = Number(page.next);
    }
  }
}

/** Writes what frames tell into the cached job and its curves, and asks again for what they only announce. */
function apply(client: QueryClient, id: string, frames: readonly Frame[], askAgain: (key: QueryKey) => void): void {
  client.setQueryData<Job>(jobKeys.one(id), (job) => job && frames.reduce(jobAfter, job));
  client.setQueryData<Metrics>(jobKeys.metrics(id), (metrics) => metrics && frames.reduce(metricsAfter, metrics));
  for (const frame of frames) {
    if (frame.type === "log" && frame.level === "warning") askAgain(jobKeys.warnings(id));
    if (frame.type === "checkpoint") askAgain(jobKeys.checkpoints(id));
    if (frame.type !== "status" && frame.type !== "done") continue;
    if (!frame.student) askAgain(jobKeys.one(id));
    askAgain(jobKeys.students(id));
    askAgain(jobKeys.runs(id));
  }
}

function appendLines(client: QueryClient, id: string, frames: readonly Frame[]): void {
  client.setQueryData<LogLine[]>(jobKeys.log(id), (lines) => lines && logAfter(lines, frames));
}
