import type { AlignedData } from "uplot";
import { stepsOf } from "./lines";

export interface Columns {
  step: readonly number[];
  value: readonly number[];
}

/**
 * Curves with steps of their own, on one shared axis of steps; null where a curve has no point. `place` turns a step
 * into where it stands.
 */
export function align(curves: readonly Columns[], place: (step: number) => number = (step) => step): AlignedData {
  const finite = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : null);
  const steps = sharedSteps(curves) ?? stepsOf(curves);
  const at = steps === curves[0]?.step ? null : new Map(steps.map((step, i) => [step, i]));
  const columns = curves.map((curve) => {
    if (!at) return curve.value.map(finite);
    const column: (number | null)[] = new Array(steps.length).fill(null);
    curve.step.forEach((step, i) => {
      column[at.get(step) as number] = finite(curve.value[i]);
    });
    return column;
  });
  return [steps.map(place), ...columns];
}

/** As a rule all curves of a chart have a point at every step of any of them. */
function sharedSteps(curves: readonly Columns[]): readonly number[] | null {
  const first = curves[0]?.step;
  if (!first) return null;
  const same = curves.every(
    ({ step }) => step === first || (step.length === first.length && step.every((one, i) => one === first[i])),
  );
  return same ? first : null;
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

/** A curve of points that may stand for several, with the least and the greatest of them. */
export interface Banded extends Columns {
  min?: readonly number[];
  max?: readonly number[];
}

/**
 * The mean of several curves, at the steps that all of them have. Between the means of their least and greatest
 * values lies every mean of the points in between.
 */
export function mean(curves: readonly Banded[]): { step: number[]; value: number[]; low?: number[]; high?: number[] } {
  const [first, ...others] = curves;
  if (!first) return { step: [], value: [] };
  const places = others.map((curve) => new Map(curve.step.map((step, i) => [step, i])));
  const at: number[][] = []; // of each step that all have: its place in every curve
  first.step.forEach((step, i) => {
    const all = [i, ...places.map((map) => map.get(step) ?? -1)];
    if (!all.includes(-1)) at.push(all);
  });
  const averaged = (column: (curve: Banded) => readonly number[]) =>
    at.map((all) => all.reduce((sum, i, n) => sum + (column(curves[n] as Banded)[i] as number), 0) / all.length);
  const result = { step: at.map(([i]) => first.step[i as number] as number), value: averaged((curve) => curve.value) };
  if (!curves.every((curve) => curve.min && curve.max)) return result;
  return { ...result, low: averaged((curve) => curve.min ?? []), high: averaged((curve) => curve.max ?? []) };
}
