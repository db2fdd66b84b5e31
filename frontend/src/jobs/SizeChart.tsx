import { type ReactNode, useId, useRef } from "react";
import { seriesColor } from "@/charts/color";
import { dodge, ticks } from "@/charts/scale";
import { useWidth } from "@/charts/useWidth";
import { parameters, percentage } from "@/format";
import { type Standing, teacherOf } from "./groups";
import type { Job } from "./queries";

const H = 280;
const LEFT = 44;
const RIGHT = 16;
const TOP = 20;
const BOTTOM = 34;

interface Props {
  job: Job;
  standings: readonly Standing[];
  /** Whose students these are, where the page is not the job's own. */
  of?: ReactNode;
}

/** Nothing to draw without sizes of the teacher and of a student. */
export function SizeChart({ job, standings, of }: Props) {
  const teacher = teacherOf(job);
  const shown = standings.filter((one) => one.top1 !== null && one.group.parameters);
  if (!teacher?.parameters || shown.length === 0) return null;
  return <Plot teacher={{ top1: teacher.top1, parameters: teacher.parameters }} shown={shown} of={of} />;
}

interface PlotProps {
  teacher: { top1: number; parameters: number };
  shown: readonly Standing[];
  of: ReactNode;
}

/** Size against accuracy: a student and its control joined, the line is the gain; the teacher in gold. */
function Plot({ teacher, shown, of }: PlotProps) {
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const width = Math.max(240, useWidth(frame));
  const sizes = [...shown.map((one) => one.group.parameters as number), teacher.parameters];
  const values = shown.flatMap((one) => [one.top1 as number, one.control ?? (one.top1 as number)]).concat(teacher.top1);
  const [low, high] = padded(Math.min(...values), Math.max(...values));
  const [small, large] = [Math.log10(Math.min(...sizes)) - 0.12, Math.log10(Math.max(...sizes)) + 0.12];
  const x = (size: number) => LEFT + ((Math.log10(size) - small) / (large - small)) * (width - LEFT - RIGHT);
  const y = (value: number) => TOP + ((high - value) / (high - low)) * (H - TOP - BOTTOM);
  const level = y(teacher.top1);
  const labels = labelled(shown, y);
  return (
    <figure className="chart card" aria-labelledby={id} data-metric="size" data-points={shown.length}>
      <figcaption className="card-head" id={id}>
        <h2>Which student to ship?</h2>
        <span className="small soft wrap">
          {of}
          {of && " · "}top-1, % against parameters · hollow: the same network without a teacher
        </span>
      </figcaption>
      <div className="size-frame" ref={frame}>
        <svg width={width} height={H} className="size-chart" aria-hidden="true">
          {ticks(low * 100, high * 100, 4).map((tick) => (
            <g key={tick}>
              <line x1={LEFT} x2={width - RIGHT} y1={y(tick / 100)} y2={y(tick / 100)} stroke="var(--line)" />
              <text x={LEFT - 8} y={y(tick / 100) + 4} textAnchor="end">
                {tick}
              </text>
            </g>
          ))}
          {sizeTicks(10 ** small, 10 ** large).map((size) => (
            <text key={size} x={x(size)} y={H - 12} textAnchor="middle">
              {parameters(size)}
            </text>
          ))}
          <line
            x1={LEFT}
            x2={width - RIGHT}
            y1={level}
            y2={level}
            stroke="var(--teacher)"
            strokeWidth="1.5"
            strokeDasharray="6 4"
          />
          <circle cx={x(teacher.parameters)} cy={level} r="5" fill="var(--teacher)" />
          <text x={x(teacher.parameters) + 5} y={level - 10} textAnchor="end" className="teacher-mark">
            teacher {percentage(teacher.top1)}
          </text>
          {shown.map((one, i) => (
            <Student
              key={one.group.name}
              one={one}
              x={x(one.group.parameters as number)}
              y={y}
              label={labels[i] as number}
              middle={width / 2}
            />
          ))}
        </svg>
      </div>
      <div className="unseen">
        <table>
          <tbody>
            {shown.map((one) => (
              <tr key={one.group.name}>
                <th scope="row">{one.group.name}</th>
                <td>{parameters(one.group.parameters)} parameters</td>
                <td>{percentage(one.top1)} %</td>
                <td>control {percentage(one.control)} %</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

interface StudentProps {
  one: Standing;
  x: number;
  y: (value: number) => number;
  /** The height at which its label stands. */
  label: number;
  middle: number;
}

/** Its label stands on the side with more room. */
function Student({ one, x, y, label, middle }: StudentProps) {
  const turned = x > middle;
  const color = seriesColor(one.group.hue);
  const top = y(one.top1 as number);
  return (
    <g>
      {one.control !== null && (
        <>
          <line x1={x} x2={x} y1={top} y2={y(one.control)} stroke={color} strokeWidth="2" opacity="0.45" />
          <circle cx={x} cy={y(one.control)} r="4.5" fill="var(--panel)" stroke="var(--control)" strokeWidth="1.8" />
        </>
      )}
      <circle cx={x} cy={top} r="5" fill={color} />
      <text x={turned ? x - 10 : x + 10} y={label + 4} textAnchor={turned ? "end" : "start"} className="ink">
        {one.group.name.length > 24 ? `${one.group.name.slice(0, 23)}…` : one.group.name} {percentage(one.top1)}
      </text>
    </g>
  );
}

/** Labels of networks of one size stand in one column, where they must not cover each other. */
function labelled(shown: readonly Standing[], y: (value: number) => number): number[] {
  const heights = shown.map((one) => y(one.top1 as number));
  for (const size of new Set(shown.map((one) => one.group.parameters))) {
    const column = shown.flatMap((one, i) => (one.group.parameters === size ? [i] : []));
    const moved = dodge(
      column.map((i) => heights[i] as number),
      16,
      H - BOTTOM,
    );
    column.forEach((i, at) => {
      heights[i] = moved[at] as number;
    });
  }
  return heights;
}

const padded = (low: number, high: number): [number, number] => {
  const pad = (high - low || 0.01) * 0.18;
  return [Math.max(0, low - pad), Math.min(1, high + pad)];
};

/** 1, 2 and 5 times powers of ten, as many as there is room for. */
function sizeTicks(low: number, high: number): number[] {
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const m of [1, 2, 5]) all.push(m * 10 ** power);
  }
  return all.filter((tick) => tick >= low && tick <= high);
}
