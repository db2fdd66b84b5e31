import { type Search, some, text } from "@/search";

export const referenceSearch = (search: Search) => some({ q: text(search.q) });
