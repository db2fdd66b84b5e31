import { duration } from "@/format";
import type { Axis, Clock } from "./lines";
import { ticks } from "./scale";

/** Between known points, a straight line; beyond them, the nearest one's value. */
function between(xs: readonly number[], ys: readonly number[], x: number): number {
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((xs[middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  const [x0, x1] = [xs[low - 1], xs[low]];
  const [y0, y1] = [ys[low - 1], ys[low]];
  if (x0 === undefined || y0 === undefined) return y1 ?? 0;
  if (x1 === undefined || y1 === undefined) return y0;
  return x1 > x0 ? y0 + ((y1 - y0) * (x - x0)) / (x1 - x0) : y0;
}

const clockOf = (axis: Axis): Clock | null => (axis.name === "time" && axis.clock?.step.length ? axis.clock : null);

/** Where a step stands on the axis: its own number, or the seconds that had passed. */
export function xAt(axis: Axis, step: number): number {
  const clock = clockOf(axis);
  return clock ? between(clock.step, clock.seconds, step) : step;
}

/** The step at a place of the axis. */
export function stepAt(axis: Axis, x: number): number {
  const clock = clockOf(axis);
  return clock ? between(clock.seconds, clock.step, x) : x;
}

/** From the first to the last place: what is planned, or what has been reached, or what was zoomed to. */
export function extent(axis: Axis, last: number | null, zoom: readonly [number, number] | null): [number, number] {
  if (zoom) {
    const [from, to] = [xAt(axis, zoom[0]), xAt(axis, zoom[1])];
    return to > from ? [from, to] : [from, from + 1];
  }
  if (clockOf(axis)) return [0, Math.max(1, xAt(axis, last ?? 0))];
  return [0, Math.max(axis.end ?? 0, last ?? 0, 1)];
}

const ROUND = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/** Round places between two, at most `room` of them, on the axis's own scale. */
export function xTicks(axis: Axis, [low, high]: readonly [number, number], room: number, whole: boolean): number[] {
  if (clockOf(axis)) {
    const rough = (high - low) / room;
    const step = ROUND.find((one) => one >= rough) ?? 86_400 * Math.ceil(rough / 86_400);
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
  }
  const all = ticks(low * axis.perStep, high * axis.perStep, room);
  return (whole ? all.filter(Number.isInteger) : all).map((tick) => tick / axis.perStep);
}

/** A place as it is written beside a tick. */
export function writeX(axis: Axis, x: number): string {
  if (clockOf(axis)) return x === 0 ? "0" : duration(x);
  const shown = x * axis.perStep;
  return String(Number(axis.name === "epoch" && shown >= 10 ? shown.toFixed(2) : shown.toPrecision(8)));
}

/** A step as a reader hears it: "epoch 12.5", "step 400", "2 h 3 min, epoch 12.5". */
export function where(axis: Axis, step: number): string {
  if (clockOf(axis)) return `${duration(xAt(axis, step))}, step ${Math.round(step)}`;
  return `${axis.name} ${Number((step * axis.perStep).toFixed(axis.name === "epoch" ? 1 : 0))}`;
}

/** What a caption says of the axis. */
export const over = (axis: Axis): string => (clockOf(axis) ? "over time" : `over ${axis.name}s`);

/** What stands at the axis's end. */
export const axisTitle = (axis: Axis): string => (clockOf(axis) ? "time since it began" : axis.name);
