import type { AlignedData } from "uplot";

export interface Columns {
  step: readonly number[];
  value: readonly number[];
}

/** Curves with steps of their own, on one shared axis of steps; null where a curve has no point. */
export function align(curves: readonly Columns[]): AlignedData {
  const steps = [...new Set(curves.flatMap((curve) => [...curve.step]))].sort((a, b) => a - b);
  const at = new Map(steps.map((step, i) => [step, i]));
  const columns = curves.map((curve) => {
    const column: (number | null)[] = new Array(steps.length).fill(null);
    curve.step.forEach((step, i) => {
      const value = curve.value[i];
      column[at.get(step) as number] = value !== undefined && Number.isFinite(value) ? value : null;
    });
    return column;
  });
  return [steps, ...columns];
}

/** The value at a step, or at the last one before it; null before the first. */
export function valueAt(curve: Columns, step: number): number | null {
  let low = 0;
  let high = curve.step.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((curve.step[middle] as number) <= step) low = middle + 1;
    else high = middle;
  }
  return curve.value[low - 1] ?? null;
}

/** The mean of several curves, at the steps that all of them have. */
export function mean(curves: readonly Columns[]): { step: number[]; value: number[] } {
  const [first, ...others] = curves;
  if (!first) return { step: [], value: [] };
  if (others.length === 0) return { step: [...first.step], value: [...first.value] };
  const maps = others.map((curve) => new Map(curve.step.map((step, i) => [step, curve.value[i]])));
  const step: number[] = [];
  const value: number[] = [];
  first.step.forEach((at, i) => {
    const all = [first.value[i], ...maps.map((map) => map.get(at))];
    if (all.some((one) => one === undefined)) return;
    step.push(at);
    value.push((all as number[]).reduce((a, b) => a + b, 0) / all.length);
  });
  return { step, value };
}
