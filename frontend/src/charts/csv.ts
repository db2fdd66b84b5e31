import { xAt } from "./axis";
import { type Axis, type Level, type Line, stepsOf } from "./lines";
import { isBand } from "./prepare";

/**
 * All lines of a chart as they were measured, a row for each step: never smoothed, never cut to what is zoomed to.
 * Where a point stands for several, its least and greatest value are beside it.
 */
export function csvOf(lines: readonly Line[], levels: readonly Level[], axis: Axis): string {
  const steps = stepsOf(lines);
  const columns: [string, (step: number) => number | undefined][] = [["step", (step) => step]];
  if (axis.name === "epoch") columns.push(["epoch", (step) => Number((step * axis.perStep).toPrecision(10))]);
  if (axis.name === "time") columns.push(["seconds", (step) => Number(xAt(axis, step).toFixed(3))]);
  for (const line of lines) {
    const at = new Map(line.step.map((step, i) => [step, i]));
    const column = (values: readonly number[]) => (step: number) => values[at.get(step) ?? -1];
    columns.push([line.name, column(line.value)]);
    if (isBand(line))
      columns.push([`${line.name} least`, column(line.low)], [`${line.name} greatest`, column(line.high)]);
  }
  for (const level of levels) columns.push([level.name, () => level.value]);
  const rows = [
    columns.map(([name]) => cell(name)),
    ...steps.map((step) => columns.map(([, value]) => written(value(step)))),
  ];
  return rows.map((row) => `${row.join(",")}\r\n`).join("");
}

const written = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? "" : String(value));

/** A name that a table's program takes for a formula gets a quote before it. */
function cell(name: string): string {
  const safe = /^[=+\-@\t\r]/.test(name) ? `'${name}` : name;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
