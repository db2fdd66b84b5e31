import { evaluationSearch } from "@/evaluation/search";
import { flag, oneOf, type Search, some, text } from "@/search";

const level = oneOf("info", "warning", "error");

export const chartsSearch = (search: Search) => some({ log: flag(search.log) });

/** Who is looked at, and how. */
export const distillationSearch = (search: Search) => ({
  ...some({ student: text(search.student) }),
  ...evaluationSearch(search),
});

export const logSearch = (search: Search) => some({ level: level(search.level), text: text(search.text) });
