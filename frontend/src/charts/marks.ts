import type * as Plot from "@observablehq/plot";
import { ticks } from "./scale";

/** One mark. What is cheap stands left, what is good stands high. */
export interface Dot {
  key: string;
  name: string;
  x: number;
  y: number;
  /** Where the same network without a teacher stands; null where there is none. */
  control: number | null;
  /** Whether it learned from a teacher; who did not looks like a control. */
  taught: boolean;
  /** Whether the teacher comes from it: a hollow mark in the teacher's colour. */
  origin: boolean;
  front: boolean;
}

export interface Mark {
  key: string;
  name: string;
  x: number;
  y: number;
}

export interface Look {
  dots: readonly Dot[];
  teachers: readonly Mark[];
  /** A level across the whole chart: the best teacher's. */
  level: number | null;
  nameX: string;
  writeX: (value: number) => string;
  /** Factor between a value and what is written beside the axis. */
  unit: number;
}

export interface Scale {
  apply: (value: number) => number;
  invert: (pixel: number) => number;
}

export const HEIGHT = 400;
export const MARGIN = { left: 44, right: 24, top: 20, bottom: 32 };

/** A domain with room at both ends, in powers of ten. */
function logDomain(values: readonly number[]): [number, number] {
  const low = Math.log10(Math.min(...values));
  const high = Math.log10(Math.max(...values));
  const pad = Math.max(0.12, (high - low) * 0.08);
  return [10 ** (low - pad), 10 ** (high + pad)];
}

function linearDomain(values: readonly number[], most: number): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const pad = (high - low || 0.01) * 0.1;
  return [low >= 0 ? Math.max(0, low - pad) : low - pad, Math.min(high + pad, Math.max(most, high))];
}

/** 1, 2 and 5 times powers of ten; only the powers, or those and their halves, where there is no room for all. */
export function logTicks(low: number, high: number, most: number): number[] {
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    const all: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
      for (const m of steps) all.push(m * 10 ** power);
    }
    const inside = all.filter((tick) => tick >= low && tick <= high);
    if (inside.length <= most && inside.length > 0) return inside;
  }
  return [low];
}

/** The chart as Plot draws it. Whoever attaches it gets no <style> element, which our policy forbids. */
export function draw(plot: typeof Plot, look: Look, width: number) {
  const { dots, teachers, level, unit } = look;
  const xs = [...dots.map((dot) => dot.x), ...teachers.map((one) => one.x)];
  const ys = [...dots.flatMap((dot) => [dot.y, dot.control ?? dot.y]), ...(level === null ? [] : [level])];
  const [left, right] = logDomain(xs);
  const [low, high] = linearDomain(ys, 1 + 0.01);
  const across = logTicks(left, right, Math.max(2, Math.floor(width / 90)));
  const up = ticks(low * unit, high * unit, 6).map((tick) => tick / unit);
  const front = dots.filter((dot) => dot.front).sort((a, b) => a.x - b.x);
  const end = front.at(-1);
  const alone = dots.filter((dot) => !dot.taught && !dot.origin);
  const joined = dots.filter((dot) => dot.control !== null);
  const origin = dots.filter((dot) => dot.origin);
  const blue = "var(--series-1)";
  const made = plot.plot({
    width,
    height: HEIGHT,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    style: { background: "none", color: "var(--soft)", fontFamily: "inherit", fontSize: "12.5px", overflow: "visible" },
    x: { type: "log", domain: [left, right], label: null },
    y: { domain: [low, high], label: null },
    marks: [
      plot.gridY(up, { stroke: "var(--line)", strokeOpacity: 1 }),
      plot.axisY(up, {
        tickSize: 0,
        tickPadding: 8,
        tickFormat: (tick: number) => String(Number((tick * unit).toPrecision(6))),
      }),
      plot.axisX(across, { tickSize: 0, tickPadding: 10, tickFormat: look.writeX }),
      ...(level === null
        ? []
        : [plot.ruleY([level], { stroke: "var(--teacher)", strokeWidth: 1.5, strokeDasharray: "6 4" })]),
      plot.line([...front, ...(end ? [{ ...end, x: right }] : [])], {
        x: "x",
        y: "y",
        curve: "step-after",
        stroke: "var(--line-strong)",
        strokeWidth: 1.5,
      }),
      plot.link(joined, { x: "x", y1: "control", y2: "y", stroke: blue, strokeOpacity: 0.4, strokeWidth: 2 }),
      plot.dot(joined, {
        x: "x",
        y: "control",
        r: 4,
        fill: "var(--panel)",
        stroke: "var(--control)",
        strokeWidth: 1.8,
      }),
      plot.dot(
        dots.filter((dot) => !dot.front && dot.taught && !dot.origin),
        { x: "x", y: "y", r: 4.5, fill: `color-mix(in oklab, ${blue} 55%, var(--panel))`, stroke: "var(--panel)" },
      ),
      plot.dot(alone, { x: "x", y: "y", r: 4, fill: "var(--panel)", stroke: "var(--control)", strokeWidth: 1.8 }),
      plot.dot(origin, { x: "x", y: "y", r: 4, fill: "var(--panel)", stroke: "var(--teacher)", strokeWidth: 1.8 }),
      plot.dot(
        front.filter((dot) => dot.taught),
        { x: "x", y: "y", r: 6, fill: blue, stroke: "var(--panel)" },
      ),
      plot.dot(teachers, { x: "x", y: "y", r: 6, symbol: "diamond", fill: "var(--teacher)", stroke: "var(--panel)" }),
    ],
  });
  for (const style of made.querySelectorAll("style")) style.remove();
  // Groups without a role may not be named; what the whole says stands at the chart.
  for (const one of made.querySelectorAll("[aria-label]")) one.removeAttribute("aria-label");
  return { made, x: made.scale("x") as unknown as Scale, y: made.scale("y") as unknown as Scale };
}

interface Label {
  key: string;
  text: string;
  teacher: boolean;
  left: number;
  top: number;
}

const CHARACTER = 7; // pixels, about
const LINE = 16;
const LONG = 24;

/** Names beside their dots, on the side where they cover nothing that was named before; left out where none is free. */
export function labelled({ dots, teachers }: Look, x: Scale, y: Scale, width: number): Label[] {
  const taken: { left: number; top: number; right: number; bottom: number }[] = [...teachers, ...dots].map((dot) => ({
    left: x.apply(dot.x) - 6,
    right: x.apply(dot.x) + 6,
    top: y.apply(dot.y) - 6,
    bottom: y.apply(dot.y) + 6,
  }));
  const named: Label[] = [];
  for (const dot of [...teachers, ...dots.filter((one) => one.front)]) {
    const teacher = !("front" in dot);
    const text = dot.name.length > LONG ? `${dot.name.slice(0, LONG - 1)}…` : dot.name;
    const wide = CHARACTER * text.length;
    const [at, height] = [x.apply(dot.x), y.apply(dot.y)];
    const places = [
      { left: at + 6, top: height - LINE - 7 },
      { left: at - 6 - wide, top: height - LINE - 7 },
      { left: at + 10, top: height + 4 },
      { left: at - 10 - wide, top: height - LINE / 2 },
    ];
    const free = places.find(
      ({ left, top }) =>
        left >= MARGIN.left &&
        left + wide <= width &&
        top >= 0 &&
        taken.every((one) => left > one.right || left + wide < one.left || top > one.bottom || top + LINE < one.top),
    );
    if (!free) continue;
    taken.push({ left: free.left, right: free.left + wide, top: free.top, bottom: free.top + LINE });
    named.push({ key: dot.key, text, teacher, ...free });
  }
  return named;
}
