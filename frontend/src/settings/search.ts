import { oneOf, type Search, some, text } from "@/search";

export const SECTIONS = ["appearance", "notifications", "keys", "webhooks", "storage", "audit"] as const;
export type Section = (typeof SECTIONS)[number];

export const settingsSearch = (search: Search) =>
  some({ section: oneOf(...SECTIONS)(search.section), after: text(search.after), webhook: text(search.webhook) });
