import { percent } from "@/format";
import { Card } from "@/ui/Card";
import { Key } from "./Key";
import type { Judged } from "./queries";

const SIDE = 240;
const LEAST = 0.01; // share of all images below which a stretch of confidence says little

/** Accuracy over confidence: on the diagonal a network is as often right as it says. */
export function Calibration({ student, teacher }: { student: Judged; teacher: Judged | null }) {
  return (
    <Card title="Does it know what it knows?" aside="accuracy over confidence">
      <div className="stack">
        <figure className="calibration">
          <svg viewBox={`-34 -8 ${SIDE + 44} ${SIDE + 38}`} role="img" aria-label={told(student, teacher)}>
            {[0, 0.5, 1].map((share) => (
              <g key={share} className="soft">
                <line x1={0} x2={SIDE} y1={SIDE * (1 - share)} y2={SIDE * (1 - share)} className="grid-line" />
                <text x={-8} y={SIDE * (1 - share) + 4} textAnchor="end">
                  {100 * share}
                </text>
                <text x={SIDE * share} y={SIDE + 18} textAnchor="middle">
                  {100 * share}
                </text>
              </g>
            ))}
            <line x1={0} y1={SIDE} x2={SIDE} y2={0} className="diagonal" />
            {teacher && <Course judged={teacher} of="teacher" />}
            <Course judged={student} of="student" />
          </svg>
          <figcaption className="small soft">
            Above the dashes it is right more often than it says, below it says too much. A dot's size is the share of
            images.
          </figcaption>
        </figure>
        <p className="row small soft">
          <Key who="student">this student, off by {percent(student.ece)}</Key>
          {teacher && <Key who="teacher">the teacher, off by {percent(teacher.ece)}</Key>}
        </p>
      </div>
    </Card>
  );
}

const told = (student: Judged, teacher: Judged | null): string =>
  `Calibration error: this student ${percent(student.ece)}${teacher ? `, the teacher ${percent(teacher.ece)}` : ""}`;

function Course({ judged, of }: { judged: Judged; of: "student" | "teacher" }) {
  const all = judged.calibration.reduce((sum, one) => sum + one.count, 0);
  const dots = judged.calibration
    .filter((one) => one.top1 != null && one.count >= LEAST * all)
    .map((one) => ({
      x: SIDE * one.confidence,
      y: SIDE * (1 - (one.top1 ?? 0)),
      r: 2.5 + 7 * Math.sqrt(one.count / all),
    }));
  return (
    <g className={`course ${of}`}>
      <polyline points={dots.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")} />
      {dots.map(({ x, y, r }) => (
        <circle key={x} cx={x} cy={y} r={r} />
      ))}
    </g>
  );
}
