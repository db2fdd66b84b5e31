import { chartSearch } from "@/charts/settings";
import { flag, oneOf, type Search, some, text } from "@/search";
import type { JobStatus } from "./queries";

const status = oneOf<JobStatus>(
  "queued",
  "running",
  "pausing",
  "paused",
  "cancelling",
  "succeeded",
  "failed",
  "cancelled",
);
const level = oneOf("info", "warning", "error");

export const jobsSearch = (search: Search) =>
  some({ status: status(search.status), name: text(search.name), after: text(search.after) });

/** A job's page: how its charts are looked at, on every tab. */
export const jobSearch = chartSearch;

export const chartsSearch = (search: Search) => some({ find: text(search.find) });

export const distillationSearch = (search: Search) => some({ student: text(search.student) });

const line = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;

export const logSearch = (search: Search) =>
  some({
    level: level(search.level),
    text: text(search.text),
    only: flag(search.only),
    nowrap: flag(search.nowrap),
    line: line(search.line),
  });
