import { oneOf, type Search, some, text } from "@/search";
import { type Order, sortOf } from "@/sort";
import type { JobStatus } from "../queries";

/** What can be filtered by; what a worker holds is one thing to who looks for it. */
export const STATES = {
  queued: ["queued"],
  running: ["running", "pausing", "cancelling"],
  paused: ["paused"],
  succeeded: ["succeeded"],
  failed: ["failed"],
  cancelled: ["cancelled"],
} as const satisfies Record<string, readonly JobStatus[]>;
export type State = keyof typeof STATES;
const states = Object.keys(STATES) as State[];

/** The order of each sort that one wants first: the newest and the best on top, names from A. */
export const FIRST = {
  created_at: "desc",
  finished_at: "desc",
  top1: "desc",
  name: "asc",
  status: "asc",
} as const satisfies Record<string, Order>;
export type Sort = keyof typeof FIRST;

/** Words of a list in an address, "failed,queued", as far as they are known. */
export const words = <Word extends string>(list: string | undefined, known: readonly Word[]): Word[] =>
  known.filter((word) => list?.split(",").includes(word));

export interface JobsSearch {
  status?: string;
  name?: string;
  teacher?: string;
  dataset?: string;
  sort?: Sort;
  order?: Order;
  columns?: string;
}

export const jobsSearch = (search: Search): JobsSearch =>
  some({
    status: words(text(search.status), states).join(",") || undefined,
    name: text(search.name)?.slice(0, 200), // as much as the service takes
    teacher: text(search.teacher),
    dataset: text(search.dataset),
    sort: oneOf(...(Object.keys(FIRST) as Sort[]))(search.sort),
    order: oneOf("asc", "desc")(search.order),
    columns: text(search.columns),
  });

export const statesOf = (search: JobsSearch): State[] => words(search.status, states);

/** The address after a status was chosen or left. */
export function toggledState(search: JobsSearch, state: State): JobsSearch {
  const chosen = statesOf(search);
  const next = chosen.includes(state) ? chosen.filter((one) => one !== state) : [...chosen, state];
  return some({ ...search, status: words(next.join(","), states).join(",") || undefined }) as JobsSearch;
}

/** What the service is asked for; `wanted` says whether the list is narrowed at all. */
export function filterOf(search: JobsSearch) {
  const { name, teacher, dataset } = search;
  const chosen = statesOf(search);
  return some({
    ...sortOf(search, FIRST),
    status: chosen.length > 0 ? chosen.flatMap((state) => [...STATES[state]]) : undefined,
    name,
    teacher,
    dataset,
  });
}
export type JobsFilter = ReturnType<typeof filterOf>;

export const isNarrowed = ({ status, name, teacher, dataset }: JobsSearch): boolean =>
  [status, name, teacher, dataset].some((one) => one !== undefined);
