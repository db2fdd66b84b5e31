import { chartSearch } from "@/charts/settings";
import { evaluationSearch } from "@/evaluation/search";
import { flag, oneOf, type Search, some, text } from "@/search";

const level = oneOf("info", "warning", "error");

/** A job's page: how its charts are looked at, on every tab. */
export const jobSearch = chartSearch;

export const chartsSearch = (search: Search) => some({ find: text(search.find) });

/** Who is looked at, and how. */
export const distillationSearch = (search: Search) => ({
  ...some({ student: text(search.student) }),
  ...evaluationSearch(search),
});

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
