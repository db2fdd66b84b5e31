import { judgedOn, metricsOf } from "@/jobs/groups";
import type { Student } from "./queries";

/** What a student is judged by: on test where there is one. */
export const judged = (row: Student): number | null => judgedOn(metricsOf(row)).top1 ?? null;

export const latencyOf = (row: Student): number | null =>
  (row.metrics as { latency_ms?: number | null }).latency_ms ?? null;

const VALUES = {
  label: (row: Student) => row.label,
  parameters: (row: Student) => row.parameters,
  top1: judged,
  gain: (row: Student) => metricsOf(row).control_difference?.value ?? null,
  gap: (row: Student) => metricsOf(row).gap_closed ?? null,
  agreement: (row: Student) => judgedOn(metricsOf(row)).agreement ?? null,
  bytes: (row: Student) => row.bytes,
  latency: latencyOf,
} satisfies Record<string, (row: Student) => string | number | null>;
export type SortKey = keyof typeof VALUES;

/** What one wants to see first: the small, the fast, the accurate. */
export const FIRST: Record<SortKey, "asc" | "desc"> = {
  label: "asc",
  parameters: "asc",
  top1: "desc",
  gain: "desc",
  gap: "desc",
  agreement: "desc",
  bytes: "asc",
  latency: "asc",
};

/** Sorted; what has no value comes last in both orders, and equal ones stay as they came. */
export function sorted(rows: readonly Student[], key: SortKey | undefined, order: "asc" | "desc"): Student[] {
  if (key === undefined) return [...rows];
  const sign = order === "asc" ? 1 : -1;
  const value = VALUES[key];
  return [...rows].sort((a, b) => {
    const [one, other] = [value(a), value(b)];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return sign * (typeof one === "string" ? one.localeCompare(String(other)) : one - Number(other));
  });
}
