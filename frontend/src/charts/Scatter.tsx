import { type PointerEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { draw, HEIGHT, type Look, labelled, type Scale } from "./marks";
import { useWidth } from "./useWidth";

interface Props {
  title: string;
  caption: string;
  /** What the chart says, for those who do not see it; a table stands beside it. */
  label: string;
  look: Look;
  picked: ReadonlySet<string>;
  /** The dot that is pointed at here or in a table beside, and what is told of it. */
  active: string | null;
  tell: (key: string) => ReactNode;
  onActive: (key: string | null) => void;
  /** What lies within a rectangle that was drawn; what lies under a click is one alone. */
  onPick: (keys: readonly string[]) => void;
  children?: ReactNode;
}

interface Corner {
  x: number;
  y: number;
}

const REACH = 24; // pixels around a dot in which it is meant
const DRAG = 5;

/** Costs against worth. Drawn by Observable Plot, which is fetched only here. */
export function Scatter({ title, caption, label, look, picked, active, tell, onActive, onPick, children }: Props) {
  const id = useId();
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const canvas = useRef<HTMLDivElement>(null);
  const [scales, setScales] = useState<{ x: Scale; y: Scale } | null>(null);
  const [from, setFrom] = useState<Corner | null>(null);
  const [to, setTo] = useState<Corner | null>(null);

  useEffect(() => {
    if (width === 0 || look.dots.length === 0) return;
    let wanted = true;
    void import("@observablehq/plot").then((plot) => {
      if (!wanted) return;
      const { made, x, y } = draw(plot, look, width);
      canvas.current?.replaceChildren(made);
      setScales({ x, y });
    });
    return () => {
      wanted = false;
    };
  }, [look, width]);

  const placed = scales
    ? look.dots.map((dot) => ({ dot, left: scales.x.apply(dot.x), top: scales.y.apply(dot.y) }))
    : [];
  const here = (event: PointerEvent): Corner => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const nearest = ({ x, y }: Corner) => {
    const far = ({ left, top }: { left: number; top: number }) => Math.hypot(left - x, top - y);
    const found = placed.reduce<(typeof placed)[number] | null>((a, b) => (a && far(a) <= far(b) ? a : b), null);
    return found && far(found) <= REACH ? found.dot.key : null;
  };
  const drawn = from && to && Math.hypot(to.x - from.x, to.y - from.y) > DRAG ? boxOf(from, to) : null;

  const onMove = (event: PointerEvent) => {
    const at = here(event);
    if (from) setTo(at);
    else onActive(nearest(at));
  };
  const onUp = (event: PointerEvent) => {
    const at = here(event);
    if (drawn) {
      const { left, top, width: wide, height } = drawn;
      const inside = placed.filter(
        (one) => one.left >= left && one.left <= left + wide && one.top >= top && one.top <= top + height,
      );
      onPick(inside.map((one) => one.dot.key));
    } else {
      const one = nearest(at);
      if (one) onPick([one]);
    }
    setFrom(null);
    setTo(null);
  };
  const pointed = placed.find((one) => one.dot.key === active);
  return (
    <figure className="chart card scatter" aria-labelledby={id} data-metric="explore" data-points={look.dots.length}>
      <figcaption className="card-head" id={id}>
        <h2>{title}</h2>
        <span className="small soft">{caption}</span>
      </figcaption>
      <div ref={host} className="scatter-frame" style={{ height: HEIGHT }}>
        <div ref={canvas} role="img" aria-label={label} />
        <div aria-hidden="true">
          {scales &&
            labelled(look, scales.x, scales.y, width).map((one) => (
              <span
                key={one.key}
                className={one.teacher ? "scatter-name small teacher" : "scatter-name small"}
                style={{ left: one.left, top: one.top }}
              >
                {one.text}
              </span>
            ))}
          {placed
            .filter(({ dot }) => picked.has(dot.key) || dot.key === active)
            .map(({ dot, left, top }) => (
              <i
                key={dot.key}
                className={picked.has(dot.key) ? "scatter-ring picked" : "scatter-ring"}
                style={{ left, top }}
              />
            ))}
          {drawn && <i className="scatter-brush" style={drawn} />}
        </div>
        <div
          className="scatter-hit"
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            setFrom(here(event));
            setTo(null);
          }}
          onPointerMove={onMove}
          onPointerUp={onUp}
          onPointerLeave={() => onActive(null)}
          onPointerCancel={() => setFrom(null)}
        />
        {pointed && !drawn && (
          <div
            className={pointed.left > width / 2 ? "scatter-tip small turned-tip" : "scatter-tip small"}
            style={{ left: pointed.left, top: pointed.top }}
          >
            {tell(pointed.dot.key)}
          </div>
        )}
      </div>
      <p className="scatter-axis small soft" aria-hidden="true">
        {look.nameX}
      </p>
      {children}
    </figure>
  );
}

const boxOf = (a: Corner, b: Corner) => ({
  left: Math.min(a.x, b.x),
  top: Math.min(a.y, b.y),
  width: Math.abs(a.x - b.x),
  height: Math.abs(a.y - b.y),
});
