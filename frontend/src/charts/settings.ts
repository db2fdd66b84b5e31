import { flag, oneOf, type Search, some } from "@/search";

/** How charts are looked at. It stands in the address: a link shows the same chart. */
export interface ChartSettings {
  /** Steps, from and to. */
  zoom: readonly [number, number] | null;
  /** Keys of lines and levels. */
  hide: readonly string[];
  /** Weight of the moving average, from 0 to below 1. */
  smooth: number;
  log: boolean;
  /** Null: epochs where their length is known, else steps. */
  x: "step" | "time" | null;
}

export const PLAIN: ChartSettings = { zoom: null, hide: [], smooth: 0, log: false, x: null };
export const MOST_SMOOTH = 0.99;

const x = oneOf("step", "time");

/** The part of an address that says it; what is not understood counts as not there. */
export const chartSearch = (search: Search) =>
  some({
    zoom: zoomOf(search.zoom) && (search.zoom as string),
    hide: hideOf(search.hide),
    smooth: smoothOf(search.smooth),
    log: flag(search.log),
    x: x(search.x),
  });

export type ChartSearch = ReturnType<typeof chartSearch>;

export const settingsOf = (search: ChartSearch): ChartSettings => ({
  zoom: zoomOf(search.zoom) ?? null,
  hide: search.hide ?? [],
  smooth: search.smooth ?? 0,
  log: search.log ?? false,
  x: search.x ?? null,
});

/** The way back. What is as it always is, is not said. */
export const searchOf = ({ zoom, hide, smooth, log, x }: ChartSettings): ChartSearch =>
  chartSearch({
    zoom: zoom ? zoom.map((step) => Number(step.toFixed(2))).join("-") : undefined,
    hide,
    smooth,
    log,
    x,
  });

/** `zoom=120-480` */
function zoomOf(value: unknown): readonly [number, number] | undefined {
  const found = typeof value === "string" ? /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(value) : null;
  const [from, to] = [Number(found?.[1]), Number(found?.[2])];
  return to > from ? [from, to] : undefined;
}

function hideOf(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const keys = value.filter((one): one is string => typeof one === "string" && one !== "");
  return keys.length ? [...new Set(keys)] : undefined;
}

function smoothOf(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 ? Math.min(value, MOST_SMOOTH) : undefined;
}
