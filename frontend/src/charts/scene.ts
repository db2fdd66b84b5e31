import { axisTitle, writeX, xAt } from "./axis";
import { type Line, named } from "./lines";
import { type Look, labelRoom, labels, lineWidth, OPACITY, writeY, xExtent, xTicksOf, yExtent, yTicks } from "./look";
import { isBand } from "./prepare";

/** A drawing as a list of simple marks, for whatever draws them: a file of vectors, a canvas, a page of paper. */
export interface Scene {
  width: number;
  height: number;
  title: string;
  description: string;
  /** Within it the marks that are `clipped` stay. */
  plot: { x: number; y: number; width: number; height: number };
  marks: Mark[];
}

export type Mark =
  | { kind: "rect"; x: number; y: number; width: number; height: number; fill: string }
  | {
      kind: "path";
      d: string;
      stroke?: string;
      fill?: string;
      width?: number;
      dash?: readonly number[];
      opacity?: number;
      clipped: boolean;
    }
  | { kind: "circle"; x: number; y: number; r: number; fill: string; stroke: string }
  | {
      kind: "text";
      x: number;
      y: number;
      text: string;
      fill: string;
      size: number;
      weight: number;
      anchor: "start" | "middle" | "end";
    };

export interface Frame {
  title: string;
  caption: string;
  width: number;
  height: number;
}

const PAD = 16;
const HEAD = 62;
const FOOT = 44;
const SMALL = 12.5;
const NAME = 24; // characters of a name that fit beside its line

/** The chart with its title, its axes and its labels. `color` turns a CSS expression into a colour. */
export function sceneOf(look: Look, frame: Frame, color: (expression: string) => string): Scene {
  const { title, caption, width, height } = frame;
  const [ink, soft, line, strong, panel] = ["--ink", "--soft", "--line", "--line-strong", "--panel"].map((name) =>
    color(`var(${name})`),
  ) as [string, string, string, string, string];
  const y = yExtent(look);
  const ticks = yTicks(look, y);
  const left = PAD + 10 + Math.max(20, ...ticks.map((tick) => 7.2 * writeY(look, tick).length));
  const plot = { x: left, y: HEAD, width: width - left - labelRoom(look) - 6, height: height - HEAD - FOOT };
  const x = xExtent(look);
  const placeX = (at: number) => plot.x + (plot.width * (at - x[0])) / (x[1] - x[0]);
  const share = (value: number) =>
    look.log ? Math.log(value / y[0]) / Math.log(y[1] / y[0]) : (value - y[0]) / (y[1] - y[0]);
  const placeY = (value: number) => plot.y + plot.height * (1 - share(value));
  const text = (at: readonly [number, number], written: string, change: Partial<Mark & { kind: "text" }> = {}) =>
    ({
      kind: "text",
      x: at[0],
      y: at[1],
      text: written,
      fill: soft,
      size: SMALL,
      weight: 400,
      anchor: "start",
      ...change,
    }) as Mark;

  const marks: Mark[] = [
    { kind: "rect", x: 0, y: 0, width, height, fill: panel },
    text([PAD, 24], title, { fill: ink, size: 14, weight: 600 }),
    text([PAD, 42], caption),
  ];
  for (const tick of ticks) {
    const at = placeY(tick);
    marks.push({ kind: "path", d: `M${plot.x} ${r(at)}h${r(plot.width)}`, stroke: line, width: 1, clipped: false });
    marks.push(text([plot.x - 8, at + 4], writeY(look, tick), { anchor: "end" }));
  }
  for (const tick of xTicksOf(look, plot.width)) {
    marks.push(text([placeX(tick), plot.y + plot.height + 18], writeX(look.axis, tick), { anchor: "middle" }));
  }
  marks.push(text([plot.x + plot.width, height - 8], axisTitle(look.axis), { anchor: "end" }));

  const points = (one: Line, values: readonly number[]) =>
    one.step.map((step, i) => [placeX(xAt(look.axis, step)), placeY(values[i] as number)] as const);
  for (const one of look.lines.filter(isBand)) {
    const outline = [...points(one, one.high), ...points(one, one.low).reverse()];
    marks.push({ kind: "path", d: `${path(outline)}Z`, fill: color(one.color), opacity: 0.16, clipped: true });
  }
  for (const one of look.lines) {
    marks.push({
      kind: "path",
      d: path(points(one, one.value)),
      stroke: color(one.color),
      width: lineWidth(one),
      opacity: OPACITY[one.kind],
      ...(one.kind === "dotted" ? { dash: [2, 3] } : {}),
      clipped: true,
    });
  }
  for (const step of look.uprights) {
    const d = `M${r(placeX(xAt(look.axis, step)))} ${plot.y}v${r(plot.height)}`;
    marks.push({ kind: "path", d, stroke: strong, width: 1.5, dash: [3, 3], clipped: true });
  }
  for (const level of look.levels) {
    const d = `M${plot.x} ${r(placeY(level.value))}h${r(plot.width)}`;
    marks.push({ kind: "path", d, stroke: color(level.color), width: 1.5, dash: [6, 4], clipped: true });
  }
  for (const one of named(look.lines)) {
    const end = points(one, one.value).at(-1);
    if (!end || !inside(end, plot)) continue;
    const stroke = color(one.color);
    marks.push({ kind: "circle", x: end[0], y: end[1], r: 3.2, fill: one.kind === "dotted" ? panel : stroke, stroke });
  }
  const places = labels(look, {
    left: plot.x,
    top: plot.y,
    width: plot.width,
    height: plot.height,
    x: (at) => placeX(at) - plot.x,
    y: (value) => placeY(value) - plot.y,
  });
  for (const label of places) {
    const written = `${clipped(label.name)} ${look.write(label.value)}`.trim();
    marks.push(text([label.x, label.y + 4], written, { fill: color(label.text), weight: 600 }));
  }
  return { width, height, title, description: caption, plot, marks };
}

const r = (value: number) => Math.round(value * 100) / 100;

/** A path through all points that are numbers. */
function path(points: readonly (readonly [number, number])[]): string {
  const known = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  return known.map(([x, y], i) => `${i ? "L" : "M"}${r(x)} ${r(y)}`).join("");
}

const inside = ([x, y]: readonly [number, number], plot: Scene["plot"]) =>
  x >= plot.x - 1 && x <= plot.x + plot.width + 1 && y >= plot.y - 1 && y <= plot.y + plot.height + 1;

const clipped = (name: string) => ([...name].length > NAME ? `${[...name].slice(0, NAME - 1).join("")}…` : name);
