import { type Search, some, text } from "@/search";

export const compareSearch = (search: Search) => some({ jobs: text(search.jobs) });
