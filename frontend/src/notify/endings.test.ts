import type { Changed } from "@/live/changed";
import { makeJob } from "@/testing/make";
import { endedJustNow, isEnding, words } from "./endings";

const change = (status: string): Changed => ({ object: "job", id: "job_1", status, last_event: 9 });

test("an end is a move from what was not over to what is", () => {
  expect(isEnding({ change: change("succeeded"), before: "running" })).toBe(true);
  expect(isEnding({ change: change("failed"), before: undefined })).toBe(true);
  expect(isEnding({ change: change("running"), before: "queued" })).toBe(false);
  expect(isEnding({ change: change("cancelled"), before: "failed" })).toBe(false);
  expect(isEnding({ change: { ...change("deleted") }, before: "running" })).toBe(false);
});

test("a first word about a job that was over long ago is no end", () => {
  const now = Date.parse("2026-01-01T12:00:00Z");
  const job = makeJob({ status: "succeeded", finished_at: "2026-01-01T11:59:30Z" });
  expect(endedJustNow(job, undefined, now)).toBe(true);
  expect(endedJustNow({ ...job, finished_at: "2026-01-01T10:00:00Z" }, undefined, now)).toBe(false);
  expect(endedJustNow({ ...job, finished_at: "2026-01-01T10:00:00Z" }, "running", now)).toBe(true);
});

test("it is told how it ended, and why", () => {
  const error = { code: "x", title: "t", detail: "No space left.", hint: "", retryable: false, errors: [] };
  expect(words(makeJob({ name: "birds", status: "failed", error }))).toEqual({
    title: "birds: failed",
    body: "No space left.",
  });
});
