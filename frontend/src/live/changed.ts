import type { QueryKey } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { type JobStatus, jobKeys, OVER } from "@/jobs/queries";

/** What the tab's stream says: something is not as it was. What it is now, the service tells who asks. */
export type Changed = Schema<"ChangedRead">;

/** A question to ask again: its key, and whether those below it are meant too. */
export interface Again {
  key: QueryKey;
  exact?: boolean;
}

/**
 * The questions whose answers a change may have touched. Of a job that only went on, its own answer and the lists of
 * jobs; of one whose status is another (`moved`), also everything that counts or shows what came out of it.
 */
export function againAfter(change: Changed, moved: boolean): Again[] {
  const { object, id } = change;
  if (object === "worker") return [{ key: ["workers"] }, { key: ["runs"] }, { key: ["counts"] }];
  if (object !== "job") {
    const kind = `${object}s`;
    const lists = [{ key: [kind, "list"] }, { key: [kind, "choose"] }, { key: ["counts"] }, { key: ["storage"] }];
    return id ? [{ key: [kind, id], exact: true }, ...lists] : [{ key: [kind] }, ...lists];
  }
  const one = id ? [{ key: jobKeys.one(id), exact: true }] : [];
  const lists = [...one, { key: jobKeys.lists }];
  if (!moved) return lists;
  return [...lists, { key: ["students"] }, { key: ["runs"] }, { key: ["counts"] }, { key: ["storage"] }];
}

/** Remembers which status each job had, to tell a job that moved from one that only went on. */
export class Statuses {
  private readonly known = new Map<string, string>();

  /** The status before this change; undefined where none was known. */
  moved({ object, id, status }: Changed): { before: string | undefined; moved: boolean } {
    if (object !== "job" || !id || !status) return { before: undefined, moved: true };
    const before = this.known.get(id);
    if (status === "deleted") this.known.delete(id);
    else this.known.set(id, status);
    return { before, moved: before !== status };
  }
}

export const isOver = (status: string | null | undefined): status is JobStatus =>
  (OVER as readonly string[]).includes(status ?? "");
