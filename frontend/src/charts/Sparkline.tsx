import type { Columns } from "./align";
import { range } from "./scale";

interface Props {
  /** What it shows, for who does not see it. */
  label: string;
  curve: Columns;
  /** The teacher's value; null without one. */
  level: number | null;
  color: string;
  width?: number;
  height?: number;
}

const PAD = 3;

/** A curve the size of a word: its course, its end, and the teacher's level dashed in gold. */
export function Sparkline({ label, curve, level, color, width = 104, height = 28 }: Props) {
  const last = curve.step.at(-1);
  const end = curve.value.at(-1);
  if (last === undefined || end === undefined) return null;
  const [low, high] = range([curve], level === null ? [] : [level], true);
  const x = (step: number) => PAD + (last > 0 ? step / last : 1) * (width - 2 * PAD);
  const y = (value: number) => PAD + ((high - value) / (high - low)) * (height - 2 * PAD);
  const path = curve.step
    .map((step, i) => `${i ? "L" : "M"}${at(x(step))} ${at(y(curve.value[i] as number))}`)
    .join("");
  return (
    <svg
      className="sparkline"
      role="img"
      aria-label={label}
      width={width}
      height={height}
      data-points={curve.step.length}
    >
      {level !== null && (
        <line
          x1={PAD}
          x2={width - PAD}
          y1={at(y(level))}
          y2={at(y(level))}
          stroke="var(--teacher)"
          strokeWidth="1.25"
          strokeDasharray="4 3"
        />
      )}
      <path d={path} fill="none" stroke={color} strokeWidth="1.5" strokeLinejoin="round" />
      <circle cx={at(x(last))} cy={at(y(end))} r="2.25" fill={color} />
    </svg>
  );
}

const at = (place: number): number => Math.round(place * 10) / 10;
