import { flag, oneOf, type Search, some, text } from "@/search";

const level = oneOf("info", "warning", "error");

export const chartsSearch = (search: Search) => some({ log: flag(search.log) });

export const distillationSearch = (search: Search) => some({ student: text(search.student) });

export const logSearch = (search: Search) => some({ level: level(search.level), text: text(search.text) });
