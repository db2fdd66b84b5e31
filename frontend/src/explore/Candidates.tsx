import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { bytes, points as inPoints, parameters, percent, plain, plural } from "@/format";
import { Card } from "@/ui/Card";
import { gainOf, type Origin, type Point, roleIn, type TeacherPoint } from "./points";

const FEW = 50;

interface Props {
  points: readonly Point[];
  teacher: TeacherPoint | null;
  origin: Origin | null;
  front: ReadonlySet<string>;
  picked: ReadonlySet<string>;
  active: string | null;
  onActive: (id: string | null) => void;
  onToggle: (id: string) => void;
  onClear: () => void;
}

/** The same as the picture, in rows: the best first. What is ticked can be compared. */
export function Candidates({ points, teacher, origin, front, picked, active, onActive, onToggle, onClear }: Props) {
  const [all, setAll] = useState(false);
  const sorted = [...points].sort((a, b) => (b.worth.top1 ?? 0) - (a.worth.top1 ?? 0));
  const shown = all ? sorted : sorted.slice(0, FEW);
  const jobs = [...new Set(points.filter((one) => picked.has(one.id)).map((one) => one.job))];
  return (
    <Card
      title={plural(points.length, "student")}
      aside={
        <span className="row explore-picked">
          {picked.size === 0 ? (
            "Draw a rectangle in the chart, or tick rows, to compare their jobs."
          ) : (
            <>
              {plural(picked.size, "student")} picked
              <button type="button" className="button" onClick={onClear}>
                Pick none
              </button>
              <Link to="/compare" search={{ jobs: jobs.join(",") }} className="button primary">
                {jobs.length === 1 ? "Look at this job" : `Compare these ${jobs.length} jobs`}
              </Link>
            </>
          )}
        </span>
      }
      flush
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className="table-scroll" tabIndex={0} aria-label="Students">
        <table className="table candidates">
          <thead>
            <tr>
              <th scope="col" className="name">
                Student
              </th>
              <th scope="col">Front</th>
              {[
                "Top-1",
                "To the teacher",
                "Over control",
                "Gap closed",
                "Agreement",
                "Parameters",
                "Weights",
                "Latency",
              ].map((head) => (
                <th key={head} scope="col" className="number">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <tr
                key={one.id}
                className={one.id === active ? "link pointed" : "link"}
                onPointerEnter={() => onActive(one.id)}
                onPointerLeave={() => onActive(null)}
                onFocus={() => onActive(one.id)}
                onBlur={() => onActive(null)}
              >
                <td className="name" data-head="Student">
                  <span className="candidate">
                    <input
                      type="checkbox"
                      aria-label={`Pick ${one.name} of ${one.jobName}`}
                      checked={picked.has(one.id)}
                      onChange={() => onToggle(one.id)}
                    />
                    <span className="stack tight">
                      <Link to="/students/$id" params={{ id: one.id }} className="title wrap">
                        {one.name}
                      </Link>
                      <Link
                        to="/jobs/$id"
                        params={{ id: one.job }}
                        className="small soft quiet wrap two-lines"
                        title={one.jobName}
                        dir="auto"
                      >
                        {one.jobName}
                        {one.seeds.length > 1 && ` · mean of ${plural(one.seeds.length, "seed")}`}
                      </Link>
                    </span>
                  </span>
                </td>
                <td data-head="Front">
                  {front.has(one.id) ? (
                    <b className="on-front">on the front</b>
                  ) : (
                    <span className="teacher">{roleIn(origin, one) ?? "–"}</span>
                  )}
                </td>
                {figures(one, teacher).map(([head, value]) => (
                  <td key={head} className="number" data-head={head}>
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {sorted.length > FEW && (
        <p className="candidates-more">
          <button type="button" className="button" onClick={() => setAll(!all)}>
            {all ? `The best ${FEW} alone` : `All ${plural(sorted.length, "student")}`}
          </button>
        </p>
      )}
    </Card>
  );
}

function figures(point: Point, teacher: TeacherPoint | null) {
  const { worth, difference, costs } = point;
  const tone = !difference ? "" : difference.interval[0] > 0 ? "good" : difference.interval[1] < 0 ? "bad" : "";
  return [
    ["Top-1", <b key="top1">{percent(worth.top1)}</b>],
    ["To the teacher", worth.top1 !== null && teacher ? inPoints(worth.top1 - teacher.top1) : "–"],
    [
      "Over control",
      <span key="gain" className={tone}>
        {inPoints(gainOf(point))}
      </span>,
    ],
    ["Gap closed", percent(worth.gap, 0)],
    ["Agreement", percent(worth.agreement)],
    ["Parameters", parameters(costs.parameters)],
    ["Weights", bytes(costs.bytes)],
    ["Latency", costs.latency === null ? "–" : `${plain(Number(costs.latency.toPrecision(3)))}\u202fms`],
  ] as const;
}
