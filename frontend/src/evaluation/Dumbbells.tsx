import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { ticks } from "@/charts/scale";
import { percent, percentage, plural, plusMinus, points } from "@/format";
import type { Gap } from "./gaps";

const ROW = 26;
const MOST = 12; // rows that a list which scrolls shows at once

interface Props {
  rows: readonly Gap[];
  /** From where to where the axis goes, in shares. */
  axis: readonly [number, number];
  scrolls: boolean;
}

/** One line a class: the student's dot, the teacher's, and what lies between them, all on one axis. */
export function Dumbbells({ rows, axis, scrolls }: Props) {
  const [low, high] = axis;
  const at = (share: number) => `${(100 * (share - low)) / (high - low)}%`;
  const frame = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 8,
    enabled: scrolls,
  });
  const shown = scrolls
    ? virtual.getVirtualItems().map(({ index, start }) => ({ row: rows[index] as Gap, index, top: start }))
    : rows.map((row, index) => ({ row, index, top: index * ROW }));
  return (
    <div className="dumbbells">
      <section
        ref={frame}
        className="dumbbells-frame"
        aria-label="Top-1 of each class"
        {...(scrolls ? { tabIndex: 0, style: { maxHeight: MOST * ROW } } : {})}
      >
        <ol style={{ height: rows.length * ROW }}>
          {shown.map(({ row, index, top }) => (
            <li
              key={row.index}
              aria-setsize={rows.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${top}px)` }}
              title={spelled(row)}
            >
              <span className="clip small" dir="auto">
                {row.name}
              </span>
              <span className="rail" aria-hidden="true">
                {ticks(100 * low, 100 * high, 5).map((tick) => (
                  <i key={tick} className="grid-line" style={{ left: at(tick / 100) }} />
                ))}
                {row.teacher !== null && <Between from={row.student} to={row.teacher} at={at} />}
                {row.control !== null && <i className="dot control" style={{ left: at(row.control) }} />}
                {row.teacher !== null && <i className="dot teacher" style={{ left: at(row.teacher) }} />}
                <i className="dot student" style={{ left: at(row.student) }} />
              </span>
              <span className="n small">
                {row.difference === null ? percentage(row.student, 0) : points(row.difference)}
                <span className="unseen">
                  {row.difference === null ? "" : " points"}, {spelled(row)}
                </span>
              </span>
            </li>
          ))}
        </ol>
      </section>
      <div className="dumbbells-axis small soft" aria-hidden="true">
        <span className="rail">
          {ticks(100 * low, 100 * high, 5).map((tick) => (
            <span key={tick} style={{ left: at(tick / 100) }}>
              {tick}
            </span>
          ))}
        </span>
      </div>
    </div>
  );
}

function Between({ from, to, at }: { from: number; to: number; at: (share: number) => string }) {
  const [left, right] = from < to ? [from, to] : [to, from];
  return <i className="between" style={{ left: at(left), right: `calc(100% - ${at(right)})` }} />;
}

const spelled = (one: Gap): string =>
  [
    `${one.name}: ${percent(one.student)} ${plusMinus(one.student, one.interval)}`.trim(),
    one.teacher === null ? null : `the teacher ${percent(one.teacher)}`,
    one.control === null ? null : `without a teacher ${percent(one.control)}`,
    `of ${plural(one.count, "image")}`,
  ]
    .filter(Boolean)
    .join(", ");
