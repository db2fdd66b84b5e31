/** Lists that the service sorts: by what and in which order stands in the address, unless it is as always. */

export type Order = "asc" | "desc";

interface Sorted<Sort extends string> {
  sort?: Sort;
  order?: Order;
}

/** The order of each sort that one wants first. */
type First<Sort extends string> = Readonly<Record<Sort, Order>>;

const USUAL = "created_at";

export function sortOf<Sort extends string>({ sort, order }: Sorted<Sort>, first: First<Sort>) {
  const by = sort ?? (USUAL as Sort);
  return { sort: by, order: order ?? first[by] };
}

/** The address after a sort was chosen: its own order first, then the other one. */
export function sortedBy<Sort extends string, S extends Sorted<Sort>>(search: S, first: First<Sort>, sort: Sort): S {
  const now = sortOf(search, first);
  const order = now.sort === sort ? (now.order === "asc" ? "desc" : "asc") : first[sort];
  const plain = sort === USUAL && order === first[sort];
  return { ...search, sort: plain ? undefined : sort, order: order === first[sort] ? undefined : order };
}
