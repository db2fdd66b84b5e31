import type { Schema } from "@/api/client";

export interface KnownSet {
  name: string;
  title: string;
  description: string;
  /** Whether it can be read now; null where the service does not say. */
  ready: boolean | null;
  /** Where to get its files, and where to put them. */
  files: string;
}

/** The data sets that the service knows by name, as it lists them. */
export function knownSets(limits: Schema<"LimitsRead">): KnownSet[] {
  return limits.builtin_datasets.map((name) => ({ name, title: name, description: "", ready: null, files: "" }));
}
