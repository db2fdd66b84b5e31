import { oneOf, type Search, some, text } from "@/search";
import type { Role, StudentStatus } from "./queries";
import type { SortKey } from "./sort";

export interface StudentsSearch {
  role?: Role;
  status?: StudentStatus;
  dataset?: string;
  architecture?: string;
  sort?: SortKey;
  order?: "asc" | "desc";
  after?: string;
}

export const studentsSearch = (search: Search): StudentsSearch =>
  some({
    role: oneOf<Role>("control")(search.role),
    status: oneOf<StudentStatus>("trained", "training", "failed")(search.status),
    dataset: text(search.dataset),
    architecture: text(search.architecture),
    sort: oneOf<SortKey>("label", "parameters", "top1", "gain", "gap", "agreement", "bytes", "latency")(search.sort),
    order: oneOf("asc", "desc")(search.order),
    after: text(search.after),
  });
