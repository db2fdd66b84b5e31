import { percent, percentage, plain, plusMinus, points, spaced } from "@/format";
import { judgedOn, metricsOf, resultOf } from "@/jobs/groups";
import type { Job } from "@/jobs/queries";
import { Card } from "@/ui/Card";
import { Facts } from "@/ui/Facts";
import { Empty } from "@/ui/faces";
import type { Student } from "./queries";

/** How good it is: beside its teacher, and beside the same network that learned without one. */
export function Figures({ student, job }: { student: Student; job: Job | undefined }) {
  const metrics = metricsOf(student);
  const { top1, top1_interval, best, test, control_difference, gap_closed, gap_closed_reason, latency_ms } = metrics;
  if (top1 === undefined) {
    return (
      <Card title="How good it is">
        <Empty>Not measured yet.</Empty>
      </Card>
    );
  }
  const on = test ?? { top1, top1_interval };
  const taught = job && resultOf(job).teacher;
  const teacher = test && taught?.test ? taught.test.top1 : taught?.top1;
  const control = control_difference ? on.top1 - control_difference.value : null;
  const rows: [string, string][] = [];
  if (test) rows.push(["on validation", `${percent(top1)} ${plusMinus(top1, top1_interval)}`]);
  if (best) rows.push(["best on validation", `${percent(best.top1)}, epoch ${best.epoch} (selected on validation)`]);
  const { top5, agreement, agreement_teacher_wrong: mistakes, ece } = judgedOn(metrics);
  if (top5 != null) rows.push(["top-5", percent(top5)]);
  if (agreement != null) rows.push(["same answer as the teacher", percent(agreement)]);
  if (mistakes != null) rows.push(["same answer where the teacher is wrong", percent(mistakes)]);
  if (ece != null) rows.push(["calibration error", percent(ece)]);
  if (latency_ms != null)
    rows.push(["one image takes", `${plain(Number(latency_ms.toPrecision(3)))} ms on the processor`]);
  if (control_difference) {
    const { value, interval } = control_difference;
    rows.push(["over its control", `${points(value)} points (95 %: ${points(interval[0])} to ${points(interval[1])})`]);
  }
  if (gap_closed != null) rows.push(["gap to the teacher closed", percent(gap_closed, 0)]);
  else if (gap_closed_reason) rows.push(["gap to the teacher closed", spaced(gap_closed_reason)]);
  return (
    <Card title="How good it is" aside={`on ${test ? "the test part" : "validation"}`}>
      <div className="stack">
        <p>
          <span className="figure">{percent(on.top1)}</span>{" "}
          <span className="small soft">{plusMinus(on.top1, on.top1_interval)}</span>
        </p>
        {student.role === "student" && <Levels top1={on.top1} control={control} teacher={teacher ?? null} />}
        {rows.length > 0 && <Facts facts={rows.map(([name, value]) => [name, spaced(value)] as const)} />}
      </div>
    </Card>
  );
}

/** Control, student and teacher on one line. */
function Levels({ top1, control, teacher }: { top1: number; control: number | null; teacher: number | null }) {
  const known = [top1, control, teacher].filter((value): value is number => value !== null);
  if (known.length < 2) return null;
  const low = Math.min(...known);
  const high = Math.max(...known);
  const margin = (high - low) * 0.12 || 0.01;
  const at = (value: number) => `${(100 * (value - low + margin)) / (high - low + 2 * margin)}%`;
  return (
    <div className="stack levels">
      <div className="track" aria-hidden="true">
        <span className="done" style={{ width: at(top1), background: "var(--student, var(--series-1))" }} />
        {control !== null && <span className="tick control" style={{ left: at(control) }} />}
        {teacher !== null && <span className="tick teacher" style={{ left: at(teacher) }} />}
      </div>
      <p className="spread small">
        {control !== null && <span className="control-text">its control {percentage(control)}</span>}
        <span className="strong">this student {percentage(top1)}</span>
        {teacher !== null && <span className="teacher">the teacher {percentage(teacher)}</span>}
      </p>
    </div>
  );
}
