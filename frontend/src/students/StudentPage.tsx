import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { isNotFound } from "@/api/client";
import { moment, parameters, percent, plain, plusMinus, points } from "@/format";
import { Files } from "@/jobs/Downloads";
import { type Interval, metricsOf } from "@/jobs/groups";
import { NotFound } from "@/shell/NotFound";
import { Page } from "@/shell/Page";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Facts } from "@/ui/Facts";
import { Empty, Notice } from "@/ui/faces";
import { Status } from "@/ui/Status";
import { type Student, studentQuery } from "./queries";

/** One trained network: its figures, its files. */
export function StudentPage() {
  const { id } = useParams({ from: "/shell/students/$id" });
  const query = useQuery(studentQuery(id));
  if (isNotFound(query.error)) return <NotFound what="student" />;
  const student = query.data;
  return (
    <Page
      title={student?.label ?? "Student"}
      heading={
        <div className="row job-heading">
          <h1 className="wrap">{student?.label ?? "Student"}</h1>
          {student && <Status value={student.status} />}
        </div>
      }
      aside={
        student && (
          <Link to="/jobs/$id" params={{ id: student.job }} className="button">
            To its job
          </Link>
        )
      }
    >
      <Answer query={query} label="the student" heights={[240, 200]}>
        {(loaded) => <Details student={loaded} />}
      </Answer>
    </Page>
  );
}

function Details({ student }: { student: Student }) {
  const failure = student.error as { title?: string; detail?: string; hint?: string } | null;
  return (
    <>
      {failure && (
        <Notice kind="bad" title={failure.title ?? "It failed"}>
          <p>{failure.detail}</p>
          {failure.hint && <p>{failure.hint}</p>}
        </Notice>
      )}
      <div className="grid halves">
        <Figures student={student} />
        <Card title="What it is">
          <Facts
            facts={[
              ["architecture", student.architecture],
              ["parameters", parameters(student.parameters)],
              ["role", student.role],
              ["seed", String(student.seed)],
              ["loss", options(student.loss)],
              ["optimizer", options(student.optimizer)],
              ["created", moment(student.created_at)],
              ["id", <code key="id">{student.id}</code>],
              [
                "tensors",
                <span key="hash" className="hash">
                  {student.tensors_sha256 ?? "–"}
                </span>,
              ],
            ]}
          />
        </Card>
      </div>
      <Card title="Files" aside={student.status === "training" ? "the best weights so far" : undefined}>
        {student.files.length ? (
          <Files student={student} />
        ) : (
          <Empty>No files yet: the first weights are saved after the first evaluation.</Empty>
        )}
      </Card>
    </>
  );
}

const options = ({ kind, ...rest }: Record<string, unknown>) =>
  [
    kind,
    ...Object.entries(rest).map(([key, value]) => `${key} ${typeof value === "number" ? plain(value) : value}`),
  ].join(", ");

function Figures({ student }: { student: Student }) {
  const { top1, top1_interval, top5, agreement, best, test, control_difference, gap_closed, gap_closed_reason } =
    metricsOf(student);
  if (top1 === undefined) {
    return (
      <Card title="Figures">
        <Empty>Not measured yet.</Empty>
      </Card>
    );
  }
  const within = (share: number, interval: Interval | undefined) => `${percent(share)} ${plusMinus(share, interval)}`;
  const rows: [string, string][] = [["top-1 on validation", within(top1, top1_interval)]];
  if (test) rows.unshift(["top-1 on test", within(test.top1, test.top1_interval)]);
  if (best) rows.push(["best on validation", `${percent(best.top1)}, epoch ${best.epoch} (selected on validation)`]);
  if (top5 != null) rows.push(["top-5 on validation", percent(top5)]);
  if (agreement != null) rows.push(["same answer as the teacher", percent(agreement)]);
  if (control_difference) {
    const { value, interval } = control_difference;
    rows.push(["over its control", `${points(value)} points (95 %: ${points(interval[0])} to ${points(interval[1])})`]);
  }
  if (gap_closed != null) rows.push(["gap to the teacher closed", percent(gap_closed, 0)]);
  else if (gap_closed_reason) rows.push(["gap to the teacher closed", gap_closed_reason]);
  return (
    <Card title="Figures">
      <Facts facts={rows} />
    </Card>
  );
}
