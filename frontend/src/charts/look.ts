import { plain } from "@/format";
import { extent, xAt, xTicks } from "./axis";
import { type Axis, type Level, type Line, lastStepOf, named, within } from "./lines";
import { dodge, range, ticks } from "./scale";

/** All that a chart draws, whatever it is drawn on. */
export interface Look {
  lines: readonly Line[];
  levels: readonly Level[];
  /** Steps that stand out: an upright line at each. */
  uprights: readonly number[];
  axis: Axis;
  /** Factor between a value and what is written, so that ticks are round to the reader. */
  unit: number;
  focus: boolean;
  fromZero: boolean;
  log: boolean;
  zoom: readonly [number, number] | null;
  write: (value: number) => string;
}

export const xExtent = ({ axis, lines, zoom }: Look): [number, number] => extent(axis, lastStepOf(lines), zoom);

export function yExtent({ lines, levels, zoom, focus, fromZero, unit, log }: Look): [number, number] {
  const seen = zoom ? lines.map((line) => within(line, zoom)) : lines;
  const values = levels.map((level) => level.value);
  if (log) return decades(seen.flatMap((line) => line.value).concat(values.filter((value) => value > 0)));
  return range(seen, fromZero ? [...values, 0] : values, focus && !zoom, unit === 100 ? 1 : undefined);
}

/** Room for all values on an axis of equal ratios. */
function decades(values: readonly number[]): [number, number] {
  const [low, high] = values.reduce(
    ([least, most], value) =>
      Number.isFinite(value) ? [Math.min(least, value), Math.max(most, value)] : [least, most],
    [Number.POSITIVE_INFINITY, 0],
  );
  if (!(high > 0)) return [0.1, 1];
  const room = Math.max(1.1, (high / low) ** 0.06);
  return [low / room, high * room];
}

/** Round values between two. On an axis of equal ratios: 1, 2, 5, or whole powers of ten where many lie between. */
export function yTicks({ log, unit }: Look, [low, high]: readonly [number, number]): number[] {
  if (!log) return ticks(low * unit, high * unit, 5).map((tick) => tick / unit);
  const span = Math.log10(high / low);
  if (span < 0.6) return ticks(low, high, 4);
  const every = Math.max(1, Math.ceil(span / 6));
  const first = Math.floor(Math.log10(low));
  const powers = Array.from({ length: Math.ceil(span) + 2 }, (_, i) => first + i);
  return powers
    .filter((power) => power % every === 0)
    .flatMap((power) => (span < 2.5 ? [1, 2, 5] : [1]).map((m) => Number((m * 10 ** power).toPrecision(6))))
    .filter((tick) => tick >= low && tick <= high);
}

export const xTicksOf = (look: Look, width: number): number[] => {
  const room = Math.max(2, Math.min(8, Math.floor(width / (look.axis.name === "time" ? 96 : 70))));
  return xTicks(look.axis, xExtent(look), room, look.axis.name === "epoch" && !look.zoom);
};

export const writeY = (look: Look, value: number): string => plain(value * look.unit);

export interface Label {
  key: string;
  name: string;
  value: number;
  text: string;
  x: number;
  y: number;
}

/** A line of many points is thin enough to see its course. */
export const lineWidth = ({ kind, step }: Line): number =>
  ({ solid: step.length > 500 ? 1.25 : 2, dotted: step.length > 500 ? 1 : 1.5, thin: 1, raw: 1 })[kind];

export const OPACITY = { solid: 1, dotted: 1, thin: 0.3, raw: 0.28 } as const;

const LABEL_GAP = 17;

/** About as wide as a label is drawn, in pixels; a name of any length gets no more than this. */
export const labelWidth = (name: string, value: string) =>
  Math.min(200, 26 + 7 * (Math.min(name.length, 24) + value.length));

/** How much room the labels take on the right. Lines that end in the middle of the chart have theirs beside them. */
export function labelRoom({ lines, levels, axis, zoom, write }: Look): number {
  const last = lastStepOf(lines);
  const own = named(lines);
  const ends = own.map((line) =>
    labelWidth(own.length + levels.length > 1 ? line.name : "", write(line.value.at(-1) ?? 0)),
  );
  const flats = levels.map((level) => labelWidth(level.name, write(level.value)));
  const inside = !zoom && axis.name !== "time" && axis.end !== null && last !== null && last < 0.6 * axis.end;
  return Math.max(10, ...flats, ...(inside ? [] : ends));
}

interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
  x: (place: number) => number;
  y: (value: number) => number;
}

/** Where the labels stand: at the ends of the lines, moved apart where they would overlap. */
export function labels(look: Look, { left, top, width, height, x, y }: Place): Label[] {
  const lines = named(look.lines).flatMap(({ key, name, text, step, value }) => {
    const last = value.at(-1);
    return last === undefined ? [] : [{ key, name, text, value: last, x: x(xAt(look.axis, step.at(-1) ?? 0)) }];
  });
  const levels = look.levels.map(({ name, text, value }) => ({ key: `level ${name}`, name, text, value, x: width }));
  // While training the lines end in the middle of the chart, far from the levels' labels on the right.
  const end = Math.min(width, Math.max(0, ...lines.map((line) => line.x)));
  const apart = end < 0.6 * width;
  // A chart of one thing says its name above.
  if (lines.length === 1 && levels.length === 0) lines[0] = { ...(lines[0] as (typeof lines)[0]), name: "" };
  const columns = apart ? [lines.map((line) => ({ ...line, x: end })), levels] : [[...lines, ...levels]];
  return columns.flatMap((column) => {
    const positions = column.map(({ value }) => Math.max(0, Math.min(height, y(value))));
    const places = dodge(positions, LABEL_GAP, height);
    return column.map(({ x: at, ...label }, i) => ({
      ...label,
      x: left + (apart ? at : width) + 10,
      y: top + (places[i] ?? 0),
    }));
  });
}
