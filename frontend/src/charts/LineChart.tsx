import { type CSSProperties, useEffect, useId, useMemo, useRef } from "react";
import { count } from "@/format";
import { over, where } from "./axis";
import { ChartMenu } from "./ChartMenu";
import { DataTable } from "./DataTable";
import { useChartGroup, useChartSettings } from "./group";
import { type Axis, type Level, type Line, lastStepOf, named, pointsOf } from "./lines";
import type { Look } from "./look";
import { Paper } from "./Paper";
import { Plot } from "./Plot";
import { isBand, prepared, visible, visibleLevels } from "./prepare";
import { usePrinting } from "./printing";
import { SeriesKey } from "./SeriesKey";
import { useNear } from "./useNear";

interface Props {
  /** Asks or answers a question. */
  title: string;
  /** What is measured, in which unit; what it is measured over is added, and then the note. */
  caption: string;
  note?: string | undefined;
  /** Identifies the chart to links and tests: a metric's name. */
  metric: string;
  lines: readonly Line[];
  levels?: readonly Level[];
  /** Steps that stand out; the note says why. */
  uprights?: readonly number[];
  axis: Axis;
  write: (value: number) => string;
  unit?: number;
  focus?: boolean;
  /** The axis begins at zero: what counts is how much there is. */
  fromZero?: boolean;
  height?: number;
  /** How many points there are here, of how many that were recorded; null where these are all. */
  sampled?: readonly [number, number] | null;
  /** The names below the chart, each of which hides its line: where no toolbar has them for all charts. */
  keyed?: boolean;
}

const NONE: readonly never[] = [];

/** Curves over steps, epochs or time, looked at as the group says. */
export function LineChart(props: Props) {
  const { title, caption, metric, lines, levels = NONE, axis, write, unit = 1, focus = false } = props;
  const { uprights = NONE, note = "", fromZero = false, height = 264, sampled = null, keyed = false } = props;
  const id = useId();
  const figure = useRef<HTMLElement>(null);
  const near = useNear(figure);
  const printing = usePrinting();
  const [settings, change] = useChartSettings();
  const log = settings.log && unit !== 100; // ratios of shares say little
  const look = useMemo<Look>(
    () => ({
      lines: prepared(lines, settings, log),
      levels: visibleLevels(levels, settings.hide),
      uprights,
      axis,
      unit,
      focus,
      fromZero,
      log,
      zoom: settings.zoom,
      write,
    }),
    [lines, levels, uprights, settings, log, axis, unit, focus, fromZero, write],
  );
  const shown = useMemo(() => visible(lines, settings.hide), [lines, settings.hide]);
  const told = [
    `${caption} ${over(axis)}`,
    note,
    log ? "logarithmic" : "",
    settings.smooth > 0 ? `smoothed ${settings.smooth.toFixed(2)}` : "",
    look.lines.some(isBand) ? "band: least to greatest" : "",
  ]
    .filter(Boolean)
    .join(" · ");

  // The address names a chart: there the page begins.
  useEffect(() => {
    if (decodeURIComponent(location.hash.slice(1)) === metric) figure.current?.scrollIntoView({ block: "center" });
  }, [metric]);

  return (
    <figure
      ref={figure}
      id={metric}
      aria-labelledby={id}
      className="chart card"
      data-metric={metric}
      data-points={pointsOf(shown)}
      data-last-step={lastStepOf(shown) ?? ""}
    >
      <div className="card-head">
        <figcaption id={id}>
          <h2>{title}</h2>
          <Reading caption={told} axis={axis} last={lastStepOf(shown)} />
        </figcaption>
        <ChartMenu title={title} caption={told} metric={metric} look={look} lines={lines} levels={levels} />
      </div>
      <div className="plot-frame" style={{ "--plot-height": `${height}px` } as CSSProperties}>
        {near && <Plot title={title} look={look} measured={shown} height={height} />}
        {printing && <Paper title={title} caption={told} look={look} />}
        {settings.zoom && (
          <button type="button" className="button small unzoom" onClick={() => change({ zoom: null })}>
            Show all
          </button>
        )}
        {lines.length === 0 && <p className="plot-empty soft small">The first points are on their way.</p>}
        {lines.length > 0 && look.lines.length === 0 && (
          <p className="plot-empty soft small">{shown.length ? "Nothing above zero to show." : "All are hidden."}</p>
        )}
      </div>
      {keyed && <SeriesKey lines={lines} levels={levels} />}
      <div className="spread">
        <DataTable title={title} lines={named(shown)} levels={look.levels} axis={axis} write={write} />
        {sampled && (
          <span className="small soft">
            sampled: {count(sampled[0])} of {count(sampled[1])} points
          </span>
        )}
      </div>
    </figure>
  );
}

/** What is shown, and in its place the step under the cursor, so that nothing moves. */
function Reading({ caption, axis, last }: { caption: string; axis: Axis; last: number | null }) {
  const [{ step }] = useChartGroup();
  return (
    <span className={`small soft caption ${step === null ? "" : "reading"}`}>
      <span>{caption}</span>
      <span>{step === null ? "" : `at ${where(axis, Math.min(step, last ?? 0))}`}</span>
    </span>
  );
}
