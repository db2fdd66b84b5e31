import { type Search, some, text } from "@/search";

export const exploreSearch = (search: Search) => some({ dataset: text(search.dataset) });
