import type { JobsSearch, Sort } from "./search";
import { words } from "./search";

/** The columns of the list, in their order. Widths in pixels; the name takes what is left. */
export const COLUMNS = [
  { key: "status", head: "Status", width: 112, sort: "status" },
  { key: "name", head: "Job", width: 200, sort: "name" },
  { key: "dataset", head: "Data set", width: 150 },
  { key: "progress", head: "Progress", width: 136 },
  { key: "curve", head: "Accuracy", width: 124 },
  { key: "best", head: "Best", width: 78, sort: "top1", number: true },
  { key: "gap", head: "Gap closed", width: 92, number: true },
  { key: "agreement", head: "Agreement", width: 96, number: true },
  { key: "below", head: "To teacher", width: 90, number: true },
  { key: "size", head: "Size", width: 72, number: true },
  { key: "duration", head: "Took", width: 88, number: true },
  { key: "created", head: "Created", width: 104, sort: "created_at", number: true },
  { key: "finished", head: "Finished", width: 104, sort: "finished_at", number: true },
] as const satisfies readonly { key: string; head: string; width: number; sort?: Sort; number?: boolean }[];

/** What sorts the list, by the heads of its columns. */
export const SORTS: readonly { key: Sort; name: string }[] = COLUMNS.flatMap((column) =>
  "sort" in column ? { key: column.sort, name: column.head } : [],
);

export type ColumnKey = (typeof COLUMNS)[number]["key"];
export interface Column {
  key: ColumnKey;
  head: string;
  width: number;
  sort?: Sort;
  number?: boolean;
}

export const SELECT = 40;
const ALL = COLUMNS.map((column) => column.key);
const HIDDEN: readonly ColumnKey[] = ["dataset", "agreement", "finished"];
const USUAL = ALL.filter((key) => !HIDDEN.includes(key));

/** What a reader wants to see; the name always stays. */
export function columnsOf(search: JobsSearch): Column[] {
  const wanted = words(search.columns, ALL);
  const shown = wanted.length > 0 ? wanted : USUAL;
  return COLUMNS.filter(({ key }) => key === "name" || shown.includes(key));
}

/** The address after a column was shown or hidden; it says nothing about the usual ones. */
export function toggledColumn(
  { columns: _, ...search }: JobsSearch,
  shown: readonly Column[],
  key: ColumnKey,
): JobsSearch {
  const now = shown.map((column) => column.key);
  const next = ALL.filter((one) => (one === key ? !now.includes(one) : now.includes(one)));
  const usual = next.length === USUAL.length && next.every((one) => USUAL.includes(one));
  return usual ? search : { ...search, columns: next.join(",") };
}

/** So wide that no column is narrower than it may be. */
export const leastWidth = (columns: readonly Column[]): number =>
  columns.reduce((sum, column) => sum + column.width, SELECT);
