import { type Level, type Line, levelKey } from "./lines";
import type { ChartSettings } from "./settings";
import { smoothed } from "./smooth";

/** The lines as they are drawn: without the hidden ones, smoothed with what was measured faint behind them. */
export function prepared(lines: readonly Line[], { hide, smooth }: ChartSettings, log: boolean): Line[] {
  const shown = visible(lines, hide);
  const drawn = smooth > 0 ? [...shown.filter(isMain).map(raw), ...shown.map((line) => soft(line, smooth))] : shown;
  return log ? drawn.map(positive) : drawn;
}

export const visible = (lines: readonly Line[], hide: readonly string[]): Line[] =>
  lines.filter((line) => !hide.includes(line.key) && !(line.parent && hide.includes(line.parent)));

export const visibleLevels = (levels: readonly Level[], hide: readonly string[]): Level[] =>
  levels.filter((level) => !hide.includes(levelKey(level)));

const isMain = (line: Line) => line.kind !== "thin";

function raw({ low, high, ...line }: Line): Line {
  return { ...line, key: `${line.key} raw`, kind: "raw", parent: line.key };
}

/** Without its band: that belongs to what was measured. */
function soft({ low, high, ...line }: Line, weight: number): Line {
  return { ...line, value: smoothed(line.value, weight) };
}

/** A logarithmic axis has no place for zero and below. */
function positive(line: Line): Line {
  const keep = line.value.map((value) => value > 0);
  if (keep.every(Boolean)) return line;
  const kept = (column: readonly number[]) => column.filter((_, i) => keep[i]);
  return {
    ...line,
    step: kept(line.step),
    value: kept(line.value),
    ...(line.low && line.high ? { low: kept(line.low), high: kept(line.high) } : {}),
  };
}

/** Whether any point of a line stands for several that differ. */
export const isBand = (line: Line): line is Line & Required<Pick<Line, "low" | "high">> =>
  line.kind !== "thin" && !!line.low && !!line.high && line.low.some((low, i) => low < (line.high?.[i] as number));
