import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import uPlot from "uplot";
import { useTheme } from "@/theme";
import { align, valueAt } from "./align";
import { DataTable } from "./DataTable";
import { useChartGroup } from "./group";
import { type Axis, type Level, type Line, lastStepOf, named, pointsOf } from "./lines";
import { type Look, options } from "./plot";
import { dodge } from "./scale";
import { useWidth } from "./useWidth";

interface Props {
  /** Asks or answers a question. */
  title: string;
  /** What is measured, in which unit, over what. */
  caption: string;
  /** Identifies the chart to tests: a metric's name. */
  metric: string;
  lines: readonly Line[];
  levels?: readonly Level[];
  axis: Axis;
  write: (value: number) => string;
  unit?: number;
  focus?: boolean;
  log?: boolean;
  height?: number;
}

interface Label {
  key: string;
  name: string;
  value: number;
  text: string;
  x: number;
  y: number;
}

const LABEL_GAP = 17;
const NARROW = 520;

/** Curves over steps. Lines are labelled at their ends; under a cursor the labels tell the values there. */
export function LineChart(props: Props) {
  const { title, caption, metric, lines, levels = [], axis, write, unit = 1, focus = false, log = false } = props;
  const { height = 264 } = props;
  const theme = useTheme();
  const id = useId();
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const width = useWidth(host);
  const [labels, setLabels] = useState<Label[]>([]);
  const [shared, share] = useChartGroup();

  const labelled = width >= NARROW;
  const last = lastStepOf(lines);
  const ends = named(lines).map((line) => labelWidth(line.name, write(line.value.at(-1) ?? 0)));
  const flats = levels.map((level) => labelWidth(level.name, write(level.value)));
  // Lines that end in the middle of the chart have room for their labels beside them.
  const inside = axis.end !== null && last !== null && last < 0.6 * axis.end;
  const right = labelled ? Math.max(10, ...flats, ...(inside ? [] : ends)) : 10;
  const data: Line[] = log ? lines.map(positive) : [...lines];
  const look: Look = { lines: data, levels, axis, unit, focus, log, right };
  const latest = useRef(look);
  latest.current = look;
  const zoom = useRef(shared.zoom);
  zoom.current = shared.zoom;

  // What a plot is built from; new points alone only change its data.
  const shape = JSON.stringify([
    lines.map((l) => [l.key, l.color, l.kind]),
    levels,
    theme,
    log,
    right,
    unit,
    axis.name,
  ]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` and `width` stand for what is read through refs
  useEffect(() => {
    const element = host.current;
    if (!element || width === 0) return;
    const made = new uPlot(
      options(element, () => latest.current, {
        zoom: () => zoom.current,
        onCursor: (step) => share({ step }),
        onZoom: (range) => share({ zoom: range, step: null }),
        onDraw: (drawn) => setLabels(place(drawn, latest.current)),
      }),
      align(latest.current.lines),
      element,
    );
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [shape, width]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new zoom is drawn from the same data
  useEffect(() => {
    plot.current?.setData(align(latest.current.lines));
  }, [lines, axis.end, shared.zoom]);

  useEffect(() => {
    const made = plot.current;
    if (!made) return;
    const left = shared.step === null ? -10 : made.valToPos(shared.step, "x");
    if (Math.abs((made.cursor.left ?? -10) - left) > 0.5) made.setCursor({ left, top: left < 0 ? -10 : 8 }, false);
  }, [shared.step]);

  const at = shared.step === null ? null : Math.min(shared.step, last ?? 0);
  const reading = (label: Label) => {
    const line = at === null ? undefined : lines.find((one) => one.key === label.key);
    return line && at !== null ? valueAt(line, at) : label.value;
  };
  const where = (step: number) =>
    `${axis.name} ${Number((step * axis.perStep).toFixed(axis.name === "epoch" ? 1 : 0))}`;

  const onKeyDown = (event: KeyboardEvent) => {
    const step = moved(event.key, data, shared.step, zoom.current);
    if (step === undefined) return;
    event.preventDefault();
    share(event.key === "Escape" ? { step: null, zoom: null } : { step });
  };

  return (
    <figure
      aria-labelledby={id}
      className="chart card"
      data-metric={metric}
      data-points={pointsOf(lines)}
      data-last-step={last ?? ""}
    >
      <figcaption className="card-head" id={id}>
        <h2>{title}</h2>
        <span className={`small soft caption ${at === null ? "" : "reading"}`}>
          <span>{caption}</span>
          <span>{at === null ? "" : `at ${where(at)}`}</span>
        </span>
      </figcaption>
      <div className="plot-frame">
        {/* biome-ignore lint/a11y/useSemanticElements: no element is a keyboard cursor over curves */}
        <div
          ref={host}
          className="plot"
          style={{ height }}
          role="group"
          aria-roledescription="chart"
          aria-label={`${title}. Left and right arrow keys move along the curves, Escape leaves.`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys do what the pointer does
          tabIndex={0}
          onKeyDown={onKeyDown}
          onBlur={() => share({ step: null })}
        />
        <ul className={labelled ? "ends" : "legend"} aria-hidden="true">
          {labels.map((label) => (
            <li
              key={label.key}
              style={labelled ? { color: label.text, left: label.x, top: label.y } : { color: label.text }}
            >
              <span className="clip">{label.name}</span> <b>{show(reading(label), write)}</b>
            </li>
          ))}
        </ul>
        {shared.zoom && (
          <button type="button" className="button small unzoom" onClick={() => share({ zoom: null })}>
            Show all
          </button>
        )}
        {lines.length === 0 && <p className="plot-empty soft small">The first points are on their way.</p>}
      </div>
      <p className="unseen" aria-live="polite">
        {at !== null && document.activeElement === host.current
          ? `${where(at)}: ${labels.map((label) => `${label.name} ${show(reading(label), write)}`).join(", ")}`
          : ""}
      </p>
      <DataTable title={title} lines={named(lines)} levels={levels} axis={axis} write={write} />
    </figure>
  );
}

/** About as wide as a label is drawn, in pixels; a name of any length gets no more than this. */
const labelWidth = (name: string, value: string) => Math.min(200, 26 + 7 * (Math.min(name.length, 24) + value.length));

const show = (value: number | null, write: (value: number) => string) => (value === null ? "–" : write(value));

/** A logarithmic axis has no place for zero and below. */
function positive(line: Line): Line {
  const keep = line.value.map((value) => value > 0);
  return { ...line, step: line.step.filter((_, i) => keep[i]), value: line.value.filter((_, i) => keep[i]) };
}

/** Where the labels stand: at the ends of the lines, moved apart where they would overlap. */
function place(plot: uPlot, look: Look): Label[] {
  const left = plot.bbox.left / devicePixelRatio;
  const top = plot.bbox.top / devicePixelRatio;
  const width = plot.bbox.width / devicePixelRatio;
  const height = plot.bbox.height / devicePixelRatio;
  const lines = named(look.lines).flatMap(({ key, name, text, step, value }) => {
    const last = value.at(-1);
    return last === undefined ? [] : [{ key, name, text, value: last, x: plot.valToPos(step.at(-1) ?? 0, "x") }];
  });
  const levels = look.levels.map(({ name, text, value }) => ({ key: `level ${name}`, name, text, value, x: width }));
  // While training the lines end in the middle of the chart, far from the levels' labels on the right.
  const end = Math.min(width, Math.max(0, ...lines.map((line) => line.x)));
  const apart = end < 0.6 * width;
  const columns = apart ? [lines.map((line) => ({ ...line, x: end })), levels] : [[...lines, ...levels]];
  return columns.flatMap((column) => {
    const positions = column.map(({ value }) => Math.max(0, Math.min(height, plot.valToPos(value, "y"))));
    const places = dodge(positions, LABEL_GAP, height);
    return column.map(({ x, ...label }, i) => ({
      ...label,
      x: left + (apart ? x : width) + 10,
      y: top + (places[i] ?? 0),
    }));
  });
}

/** The step that a key leads to; undefined for a key that means nothing here. */
function moved(
  key: string,
  lines: readonly Line[],
  from: number | null,
  zoom: readonly [number, number] | null,
): number | null | undefined {
  if (key === "Escape") return null;
  const steps = [...new Set(lines.flatMap((line) => [...line.step]))]
    .filter((step) => !zoom || (step >= zoom[0] && step <= zoom[1]))
    .sort((a, b) => a - b);
  if (key === "Home") return steps[0] ?? null;
  if (key === "End") return steps.at(-1) ?? null;
  if (key === "ArrowRight") return steps.find((step) => step > (from ?? -1)) ?? steps.at(-1) ?? null;
  if (key === "ArrowLeft")
    return steps.findLast((step) => step < (from ?? Number.POSITIVE_INFINITY)) ?? steps[0] ?? null;
  return undefined;
}
