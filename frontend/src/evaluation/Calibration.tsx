import { percent } from "@/format";
import { Card } from "@/ui/Card";
import { Key } from "./Key";
import type { Judged } from "./queries";

const SIDE = 240;
const LEAST = 0.01; // share of all images below which a stretch of confidence says little
const TICKS = [0, 0.25, 0.5, 0.75, 1];

interface Props {
  name: string;
  student: Judged;
  teacher: Judged | null;
}

/** Accuracy over confidence: on the diagonal a network is as often right as it says. */
export function Calibration({ name, student, teacher }: Props) {
  return (
    <Card title={`Does ${name} know what it knows?`} aside="accuracy over confidence" className="calibrated">
      <div className="stack">
        <p>{judgement(student, teacher)}</p>
        <figure className="calibration">
          <svg viewBox={`-30 -10 ${SIDE + 44} ${SIDE + 50}`} role="img" aria-label={told(name, student, teacher)}>
            {TICKS.map((share) => (
              <g key={share}>
                <line x1={0} x2={SIDE} y1={SIDE * (1 - share)} y2={SIDE * (1 - share)} className="grid-line" />
                <line x1={SIDE * share} x2={SIDE * share} y1={0} y2={SIDE} className="grid-line" />
                <text x={-8} y={SIDE * (1 - share) + 4} textAnchor="end">
                  {100 * share}
                </text>
                <text x={SIDE * share} y={SIDE + 18} textAnchor="middle">
                  {100 * share}
                </text>
              </g>
            ))}
            <line x1={0} y1={SIDE} x2={SIDE} y2={0} className="diagonal" />
            <text x={6} y={16}>
              too modest
            </text>
            <text x={SIDE - 6} y={SIDE - 8} textAnchor="end">
              too sure
            </text>
            {teacher && <Curve judged={teacher} of="teacher" />}
            <Curve judged={student} of="student" />
            <text x={SIDE / 2} y={SIDE + 36} textAnchor="middle">
              how sure it is, %
            </text>
          </svg>
        </figure>
        <p className="row small soft">
          <Key who="student">
            {name}, off by {percent(student.ece)}
          </Key>
          {teacher && <Key who="teacher">the teacher, off by {percent(teacher.ece)}</Key>}
        </p>
        <p className="small soft">A dot's size is the share of images with such a confidence.</p>
      </div>
    </Card>
  );
}

const FINE = 0.02; // off by less, it may be believed

/** How sure a network is on average, minus how often it is right. */
function boast({ calibration, top1 }: Judged): number {
  const all = calibration.reduce((sum, one) => sum + one.count, 0);
  return all ? calibration.reduce((sum, one) => sum + one.confidence * one.count, 0) / all - top1 : 0;
}

export function judgement(student: Judged, teacher: Judged | null): string {
  const over = boast(student);
  const own =
    student.ece < FINE
      ? "Its confidence can be taken at its word"
      : Math.abs(over) < student.ece / 2
        ? "It is too sure in places and too modest in others"
        : over > 0
          ? "It is surer than it should be"
          : "It is more modest than it needs to be";
  if (!teacher) return `${own}.`;
  const apart = student.ece - teacher.ece;
  if (student.ece < FINE) {
    const beside = Math.abs(apart) < 0.005 ? "like" : apart < 0 ? "more than" : "though less than";
    return `${own}, ${beside} its teacher's.`;
  }
  if (Math.abs(apart) < 0.005) return `${own}, as far off as its teacher.`;
  return `${own}, ${apart < 0 ? "but less far off" : "and farther off"} than its teacher.`;
}

const told = (name: string, student: Judged, teacher: Judged | null): string =>
  `Calibration error: ${name} ${percent(student.ece)}${teacher ? `, the teacher ${percent(teacher.ece)}` : ""}`;

function Curve({ judged, of }: { judged: Judged; of: "student" | "teacher" }) {
  const all = judged.calibration.reduce((sum, one) => sum + one.count, 0);
  const dots = judged.calibration
    .filter((one) => one.top1 != null && one.count >= LEAST * all)
    .map((one) => ({
      x: SIDE * one.confidence,
      y: SIDE * (1 - (one.top1 ?? 0)),
      r: 2.5 + 7 * Math.sqrt(one.count / all),
    }));
  return (
    <g className={`calibration-curve ${of}`}>
      <polyline points={dots.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")} />
      {dots.map(({ x, y, r }) => (
        <circle key={x} cx={x} cy={y} r={r} />
      ))}
    </g>
  );
}
