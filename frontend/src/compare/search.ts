import { type ChartSearch, chartSearch } from "@/charts/settings";
import { flag, oneOf, type Search, some, text } from "@/search";

export const FEWEST = 2;
export const MOST = 8;

export interface CompareSearch extends ChartSearch {
  /** Ids with commas between them, in the order in which they are shown. */
  jobs?: string;
  at?: "best";
  /** Settings that are the same as well. */
  all?: true;
  /** The two students whose classes are compared. */
  left?: string;
  right?: string;
  /** Every class, not those alone that differ most. */
  classes?: "all";
}

export const compareSearch = (search: Search): CompareSearch => ({
  ...some({
    jobs: text(search.jobs),
    at: oneOf("best")(search.at),
    all: flag(search.all),
    left: text(search.left),
    right: text(search.right),
    classes: oneOf("all")(search.classes),
  }),
  ...chartSearch(search),
});

/** Each once, as many as can be compared. */
export const idsOf = ({ jobs }: CompareSearch): string[] =>
  [...new Set(jobs?.split(",").filter(Boolean) ?? [])].slice(0, MOST);

/** With one more, and all of it shown: among others a zoom may count in something else. */
export function withJob({ zoom: _, ...search }: CompareSearch, id: string): CompareSearch {
  return { ...search, jobs: [...idsOf(search), id].join(",") };
}

/** Without a job; a student of it is no longer chosen either, as far as one can tell: the page falls back. */
export function withoutJob(
  { jobs: _, zoom: __, ...search }: CompareSearch,
  ids: readonly string[],
  id: string,
): CompareSearch {
  const left = ids.filter((one) => one !== id).join(",");
  return left ? { ...search, jobs: left } : search;
}
