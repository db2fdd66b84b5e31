import type uPlot from "uplot";
import { stepAt, writeX, xAt } from "./axis";
import { resolve } from "./color";
import { type Line, named } from "./lines";
import { type Look, lineWidth, OPACITY, writeY, xExtent, xTicksOf, yExtent, yTicks } from "./look";
import { isBand } from "./prepare";

export interface Reactions {
  onCursor: (step: number | null) => void;
  onZoom: (range: readonly [number, number] | null) => void;
  onDraw: (plot: uPlot) => void;
}

const FONT = '12.5px "Inter Variable", sans-serif';

/** uPlot's options for a look. `current` gives the newest one, because ranges are asked for at every draw. */
export function options(host: HTMLElement, current: () => Look, right: number, react: Reactions): uPlot.Options {
  const look = current();
  const color = (expression: string) => resolve(expression, host);
  const grid = { stroke: color("var(--line)"), width: 1 };
  const panel = color("var(--panel)");
  const upright = color("var(--line-strong)");
  const axis = { stroke: color("var(--soft)"), font: FONT, ticks: { show: false }, gap: 8 };
  const colors = new Map([...look.lines, ...look.levels].map((one) => [one.color, color(one.color)]));
  const ink = (expression: string) => colors.get(expression) ?? expression;
  const faint = (line: Line | undefined) => line?.kind === "thin" || line?.kind === "raw";

  return {
    width: host.clientWidth,
    height: host.clientHeight,
    padding: [8, right, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, dist: 6 },
      points: {
        size: (_, i) => (faint(current().lines[i - 1]) ? 0 : 7),
        width: (_, __, size) => (size ? 2 : 0),
        fill: panel,
      },
      bind: {
        dblclick: () => () => {
          react.onZoom(null);
          return null;
        },
      },
    },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: {
      x: { time: false, range: () => xExtent(current()) },
      y: { ...(look.log ? { distr: 3 as const } : {}), range: () => yExtent(current()) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        splits: (plot) => xTicksOf(current(), plot.bbox.width / devicePixelRatio),
        values: (_, splits) => splits.map((split) => writeX(current().axis, split)),
      },
      {
        ...axis,
        grid,
        size: (_, values) => 14 + Math.max(20, ...(values ?? []).map((value) => 7.2 * value.length)),
        splits: (_, __, low, high) => yTicks(current(), [low, high]),
        filter: (_, splits) => splits, // of an axis of equal ratios uPlot would write the powers of ten alone
        values: (_, splits) => splits.map((split) => (split == null ? "" : writeY(current(), split))),
      },
    ],
    series: [
      {},
      ...look.lines.map((line): uPlot.Series => {
        const stroke = ink(line.color);
        return {
          stroke,
          width: lineWidth(line),
          alpha: OPACITY[line.kind],
          spanGaps: true,
          points: { show: !faint(line) && line.step.length === 1, size: 5, fill: stroke },
          ...(line.kind === "dotted" ? { dash: [2, 3], cap: "round" as const } : {}),
        };
      }),
    ],
    hooks: {
      drawAxes: [(plot) => drawBands(plot, current(), ink)],
      draw: [
        (plot) => {
          drawUprights(plot, current(), upright);
          drawLevels(plot, current(), ink);
          drawEnds(plot, current(), ink, panel);
          react.onDraw(plot);
        },
      ],
      setCursor: [
        (plot) => {
          const { left } = plot.cursor;
          react.onCursor(left == null || left < 0 ? null : stepAt(current().axis, plot.posToVal(left, "x")));
        },
      ],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 6) return;
          const [from, to] = [left, left + width].map((at) => stepAt(current().axis, plot.posToVal(at, "x")));
          if ((to as number) > (from as number)) react.onZoom([Math.max(0, from as number), to as number]);
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

type Ink = (expression: string) => string;

/** From the least to the greatest of what each point stands for. */
function drawBands(plot: uPlot, { lines, axis }: Look, ink: Ink): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.globalAlpha = 0.16;
  for (const line of lines.filter(isBand)) {
    const x = line.step.map((step) => plot.valToPos(xAt(axis, step), "x", true));
    ctx.beginPath();
    line.high.forEach((value, i) => {
      ctx.lineTo(x[i] as number, plot.valToPos(value, "y", true));
    });
    for (let i = x.length - 1; i >= 0; i--) {
      ctx.lineTo(x[i] as number, plot.valToPos(line.low[i] as number, "y", true));
    }
    ctx.closePath();
    ctx.fillStyle = ink(line.color);
    ctx.fill();
  }
  ctx.restore();
}

function drawUprights(plot: uPlot, { uprights, axis }: Look, color: string): void {
  const { ctx, bbox } = plot;
  for (const step of uprights) {
    const x = Math.round(plot.valToPos(xAt(axis, step), "x", true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width + 1) continue;
    stroked(ctx, color, [3, 3], [x, bbox.top], [x, bbox.top + bbox.height]);
  }
}

type Place = readonly [x: number, y: number];

function stroked(ctx: CanvasRenderingContext2D, color: string, dash: readonly number[], from: Place, to: Place): void {
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
  ctx.restore();
}

function drawLevels(plot: uPlot, { levels }: Look, ink: Ink): void {
  const { ctx, bbox } = plot;
  for (const level of levels) {
    const y = Math.round(plot.valToPos(level.value, "y", true)) + 0.5;
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    stroked(ctx, ink(level.color), [6, 4], [bbox.left, y], [bbox.left + bbox.width, y]);
  }
}

/** A dot where a line ends: full for a student, hollow for a control. */
function drawEnds(plot: uPlot, { lines, axis }: Look, ink: Ink, panel: string): void {
  const { ctx, bbox } = plot;
  for (const line of named(lines)) {
    const step = line.step.at(-1);
    const value = line.value.at(-1);
    if (step === undefined || value === undefined || !Number.isFinite(value)) continue;
    const x = plot.valToPos(xAt(axis, step), "x", true);
    const y = plot.valToPos(value, "y", true);
    if (x < bbox.left || x > bbox.left + bbox.width + 1 || y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.save();
    ctx.beginPath();
    ctx.arc(x, y, 3.2 * devicePixelRatio, 0, 2 * Math.PI);
    ctx.fillStyle = line.kind === "dotted" ? panel : ink(line.color);
    ctx.strokeStyle = ink(line.color);
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([]);
    ctx.fill();
    ctx.stroke();
    ctx.restore();
  }
}
