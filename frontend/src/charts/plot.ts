import type uPlot from "uplot";
import { plain } from "@/format";
import { resolve } from "./color";
import type { Axis, Level, Line } from "./lines";
import { lastStepOf, named, within } from "./lines";
import { range, ticks } from "./scale";

export interface Look {
  lines: readonly Line[];
  levels: readonly Level[];
  axis: Axis;
  /** Factor between a value and what is written, so that ticks are round to the reader. */
  unit: number;
  focus: boolean;
  log: boolean;
  right: number;
}

export interface Reactions {
  zoom: () => readonly [number, number] | null;
  onCursor: (step: number | null) => void;
  onZoom: (range: readonly [number, number] | null) => void;
  onDraw: (plot: uPlot) => void;
}

const FONT = '12.5px "Inter Variable", sans-serif';

/** uPlot's options for a look. `current` gives the newest data, because ranges are asked for at every draw. */
export function options(host: HTMLElement, current: () => Look, react: Reactions): uPlot.Options {
  const look = current();
  const color = (expression: string) => resolve(expression, host);
  const soft = color("var(--soft)");
  const grid = { stroke: color("var(--line)"), width: 1 };
  const panel = color("var(--panel)");
  const axis = { stroke: soft, font: FONT, ticks: { show: false }, gap: 8 };
  const levels = look.levels.map((level) => color(level.color));

  return {
    width: host.clientWidth,
    height: host.clientHeight,
    padding: [8, look.right, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, dist: 6 },
      points: {
        size: (_, i) => (current().lines[i - 1]?.kind === "thin" ? 0 : 7),
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
      x: {
        time: false,
        range: () => {
          const zoom = react.zoom();
          if (zoom) return [zoom[0], zoom[1]];
          const { axis: planned, lines } = current();
          return [0, Math.max(planned.end ?? 0, lastStepOf(lines) ?? 0, 1)];
        },
      },
      y: look.log
        ? { distr: 3 }
        : {
            range: () => {
              const { lines, levels: flat, focus } = current();
              const zoom = react.zoom();
              const seen = zoom ? lines.map((line) => within(line, zoom)) : lines;
              const values = flat.map((level) => level.value);
              return range(seen, values, focus && !zoom, look.unit === 100 ? 1 : undefined);
            },
          },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        splits: (plot, _, low, high) => {
          const { perStep, name } = current().axis;
          const room = Math.max(2, Math.min(8, Math.floor(plot.bbox.width / devicePixelRatio / 70)));
          const all = ticks(low * perStep, high * perStep, room);
          return (name === "epoch" && !react.zoom() ? all.filter(Number.isInteger) : all).map((tick) => tick / perStep);
        },
        values: (_, splits) => splits.map((split) => String(Number((split * current().axis.perStep).toPrecision(8)))),
      },
      {
        ...axis,
        grid,
        size: (_, values) => 14 + Math.max(20, ...(values ?? []).map((value) => 7.2 * value.length)),
        ...(look.log
          ? {}
          : {
              splits: (_: uPlot, __: number, low: number, high: number) =>
                ticks(low * look.unit, high * look.unit, 5).map((tick) => tick / look.unit),
            }),
        values: (_, splits) => splits.map((split) => (split == null ? "" : plain(split * look.unit))),
      },
    ],
    series: [
      {},
      ...look.lines.map((line): uPlot.Series => {
        const stroke = color(line.color);
        return {
          stroke,
          width: line.kind === "thin" ? 1 : line.kind === "dotted" ? 1.5 : 2,
          alpha: line.kind === "thin" ? 0.3 : 1,
          spanGaps: true,
          points: { show: line.kind !== "thin" && line.step.length === 1, size: 5, fill: stroke },
          ...(line.kind === "dotted" ? { dash: [2, 3], cap: "round" as const } : {}),
        };
      }),
    ],
    hooks: {
      draw: [
        (plot) => {
          drawLevels(plot, current().levels, levels);
          drawEnds(plot, current().lines, color, panel);
          react.onDraw(plot);
        },
      ],
      setCursor: [
        (plot) => {
          const { left } = plot.cursor;
          react.onCursor(left == null || left < 0 ? null : plot.posToVal(left, "x"));
        },
      ],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 6) return;
          react.onZoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function drawLevels(plot: uPlot, levels: readonly Level[], colors: readonly string[]): void {
  const { ctx, bbox } = plot;
  levels.forEach((level, i) => {
    const y = Math.round(plot.valToPos(level.value, "y", true)) + 0.5;
    if (y < bbox.top || y > bbox.top + bbox.height) return;
    ctx.save();
    ctx.strokeStyle = colors[i] as string;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  });
}

/** A dot where a line ends: full for a student, hollow for a control. */
function drawEnds(plot: uPlot, lines: readonly Line[], color: (css: string) => string, panel: string): void {
  const { ctx, bbox } = plot;
  for (const line of named(lines)) {
    const step = line.step.at(-1);
    const value = line.value.at(-1);
    if (step === undefined || value === undefined || !Number.isFinite(value)) continue;
    const x = plot.valToPos(step, "x", true);
    const y = plot.valToPos(value, "y", true);
    if (x < bbox.left || x > bbox.left + bbox.width + 1 || y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.save();
    ctx.beginPath();
    ctx.arc(x, y, 3.2 * devicePixelRatio, 0, 2 * Math.PI);
    ctx.fillStyle = line.kind === "dotted" ? panel : color(line.color);
    ctx.strokeStyle = color(line.color);
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([]);
    ctx.fill();
    ctx.stroke();
    ctx.restore();
  }
}
