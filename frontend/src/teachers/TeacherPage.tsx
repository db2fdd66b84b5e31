import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { isNotFound } from "@/api/client";
import { bytes, moment, parameters, percent } from "@/format";
import { NotFound } from "@/shell/NotFound";
import { Page } from "@/shell/Page";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Facts } from "@/ui/Facts";
import { Notice } from "@/ui/faces";
import { Status } from "@/ui/Status";
import { type Teacher, teacherQuery } from "./queries";

/** One validated checkpoint. */
export function TeacherPage() {
  const { id } = useParams({ from: "/shell/teachers/$id" });
  const query = useQuery(teacherQuery(id));
  if (isNotFound(query.error)) return <NotFound what="teacher" />;
  const teacher = query.data;
  return (
    <Page
      title={teacher?.name ?? "Teacher"}
      heading={
        <div className="row job-heading">
          <h1 className="wrap">{teacher?.name ?? "Teacher"}</h1>
          {teacher && <Status value={teacher.status} />}
        </div>
      }
    >
      <Answer query={query} label="the teacher" heights={[320]}>
        {(loaded) => <Details teacher={loaded} />}
      </Answer>
    </Page>
  );
}

function Details({ teacher }: { teacher: Teacher }) {
  const { error, normalization, class_names } = teacher;
  const source = teacher.source as { kind?: string; student?: string };
  const per = (values: unknown) => (Array.isArray(values) ? values.map((v: number) => v.toFixed(3)).join(", ") : "–");
  return (
    <>
      {error && (
        <Notice kind="bad" title={error.title || error.code}>
          <p className="wrap">{error.detail}</p>
          {error.hint && <p>{error.hint}</p>}
        </Notice>
      )}
      <Card title="What it is">
        <Facts
          facts={[
            ["architecture", teacher.architecture ?? "–"],
            ["parameters", parameters(teacher.parameters)],
            [
              "top-1 on validation",
              <span key="top1" className="teacher strong">
                {percent(teacher.top1)}
              </span>,
            ],
            ["classes", teacher.classes ?? "–"],
            ...(class_names ? [["class names", class_names.join(", ")] as const] : []),
            ["expects mean", per(normalization?.mean)],
            ["expects std", per(normalization?.std)],
            [
              "came from",
              source.student ? (
                <Link key="from" to="/students/$id" params={{ id: source.student }}>
                  a student of this service
                </Link>
              ) : (
                (source.kind ?? "–")
              ),
            ],
            ["size", bytes(teacher.bytes)],
            [
              "weights' SHA-256",
              <span key="hash" className="hash">
                {teacher.sha256 ?? "–"}
              </span>,
            ],
            ["created", moment(teacher.created_at)],
            ["id", <code key="id">{teacher.id}</code>],
          ]}
        />
      </Card>
    </>
  );
}
