import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import { useTheme } from "@/theme";
import { align, valueAt } from "./align";
import { where, xAt } from "./axis";
import { useChartGroup } from "./group";
import { moved } from "./keys";
import { type Line, lastStepOf } from "./lines";
import { type Label, type Look, labelRoom, labels, lineWidth } from "./look";
import { options } from "./plot";
import { useWidth } from "./useWidth";

interface Props {
  title: string;
  look: Look;
  /** As they were measured: what labels and cursor tell. */
  measured: readonly Line[];
  height: number;
}

const NARROW = 520;

/** The canvas with its cursor. Lines are labelled at their ends; under a cursor the labels tell the values there. */
export function Plot({ title, look, measured, height }: Props) {
  const theme = useTheme();
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const width = useWidth(host);
  const [placed, setPlaced] = useState<readonly Label[]>([]);
  const [shared, share] = useChartGroup();
  const { lines, levels, uprights, axis, write, zoom } = look;

  const labelled = width >= NARROW;
  const right = labelled ? labelRoom(look) : 10;
  const latest = useRef(look);
  latest.current = look;

  // What a plot is built from; new points alone only change its data.
  const shape = JSON.stringify([
    lines.map((line) => [line.key, line.color, lineWidth(line)]),
    levels,
    theme,
    look.log,
    right,
    look.unit,
    axis.name,
  ]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` and `width` stand for what is read through refs
  useEffect(() => {
    const element = host.current;
    if (!element || width === 0) return;
    const made = new uPlot(
      options(element, () => latest.current, right, {
        onCursor: (step) => share({ step }),
        onZoom: (range) => share({ zoom: range, step: null }),
        onDraw: (drawn) => setPlaced(place(drawn, latest.current)),
      }),
      data(latest.current),
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
    plot.current?.setData(data(latest.current));
  }, [lines, uprights, axis, zoom]);

  useEffect(() => {
    const made = plot.current;
    if (!made) return;
    const left = shared.step === null ? -10 : made.valToPos(xAt(latest.current.axis, shared.step), "x");
    if (Math.abs((made.cursor.left ?? -10) - left) > 0.5) made.setCursor({ left, top: left < 0 ? -10 : 8 }, false);
  }, [shared.step]);

  const last = lastStepOf(lines);
  const at = shared.step === null ? null : Math.min(shared.step, last ?? 0);
  const reading = (label: Label) => {
    const line = measured.find((one) => one.key === label.key);
    const value = line ? valueAt(line, at ?? last ?? 0) : label.value;
    return value === null ? "–" : write(value);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const step = moved(event.key, lines, shared.step, zoom);
    if (step === undefined) return;
    event.preventDefault();
    share(event.key === "Escape" ? { step: null, zoom: null } : { step });
  };

  return (
    <>
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
        {placed.map((label) => (
          <li
            key={label.key}
            style={labelled ? { color: label.text, left: label.x, top: label.y } : { color: label.text }}
          >
            {label.name && <span className="clip">{label.name}</span>} <b>{reading(label)}</b>
          </li>
        ))}
      </ul>
      <p className="unseen" aria-live="polite">
        {at !== null && document.activeElement === host.current
          ? `${where(axis, at)}: ${placed.map((label) => `${label.name} ${reading(label)}`).join(", ")}`
          : ""}
      </p>
    </>
  );
}

const data = ({ lines, axis }: Look) => align(lines, (step) => xAt(axis, step));

function place(plot: uPlot, look: Look): Label[] {
  const { left, top, width, height } = plot.bbox;
  return labels(look, {
    left: left / devicePixelRatio,
    top: top / devicePixelRatio,
    width: width / devicePixelRatio,
    height: height / devicePixelRatio,
    x: (at) => plot.valToPos(at, "x"),
    y: (value) => plot.valToPos(value, "y"),
  });
}
