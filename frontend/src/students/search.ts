import { oneOf, type Search, some, text } from "@/search";
import { type Order, sortOf } from "@/sort";
import type { Role, StudentStatus } from "./queries";

/** The order of each sort that one wants first: the newest, the accurate, the small and the fast on top. */
export const FIRST = {
  created_at: "desc",
  name: "asc",
  parameters: "asc",
  top1: "desc",
  control_difference: "desc",
  gap_closed: "desc",
  agreement: "desc",
  latency_ms: "asc",
} as const satisfies Record<string, Order>;
export type Sort = keyof typeof FIRST;

export interface StudentsSearch {
  role?: Role;
  status?: StudentStatus;
  dataset?: string;
  architecture?: string;
  name?: string;
  sort?: Sort;
  order?: Order;
  after?: string;
}

export const studentsSearch = (search: Search): StudentsSearch =>
  some({
    role: oneOf<Role>("control")(search.role),
    status: oneOf<StudentStatus>("trained", "training", "failed")(search.status),
    dataset: text(search.dataset),
    architecture: text(search.architecture),
    name: text(search.name),
    sort: oneOf(...(Object.keys(FIRST) as Sort[]))(search.sort),
    order: oneOf("asc", "desc")(search.order),
    after: text(search.after),
  });

/** What the service is asked for. */
export const filterOf = ({ role = "student", ...search }: StudentsSearch) => ({
  ...search,
  ...sortOf(search, FIRST),
  role,
});
