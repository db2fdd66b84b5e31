import { type Line, stepsOf } from "./lines";

/** The step that a key leads to; undefined for a key that means nothing here. */
export function moved(
  key: string,
  lines: readonly Line[],
  from: number | null,
  zoom: readonly [number, number] | null,
): number | null | undefined {
  if (key === "Escape") return null;
  if (!["Home", "End", "ArrowLeft", "ArrowRight"].includes(key)) return undefined;
  const steps = stepsOf(lines).filter((step) => !zoom || (step >= zoom[0] && step <= zoom[1]));
  if (key === "Home") return steps[0] ?? null;
  if (key === "End") return steps.at(-1) ?? null;
  if (key === "ArrowRight") return steps.find((step) => step > (from ?? -1)) ?? steps.at(-1) ?? null;
  return steps.findLast((step) => step < (from ?? Number.POSITIVE_INFINITY)) ?? steps[0] ?? null;
}
