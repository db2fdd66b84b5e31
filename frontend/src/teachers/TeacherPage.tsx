import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { FlaskConical } from "lucide-react";
import type { ReactNode } from "react";
import { isNotFound } from "@/api/client";
import { datasetQuery } from "@/datasets/queries";
import { bytes, moment, parameters, percent, plain } from "@/format";
import { NotFound } from "@/shell/NotFound";
import { Page } from "@/shell/Page";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Facts } from "@/ui/Facts";
import { Notice } from "@/ui/faces";
import { Status } from "@/ui/Status";
import { Delete } from "@/uploads/Delete";
import { Reading } from "@/uploads/Reading";
import { Rejection } from "@/uploads/Rejection";
import { Told } from "@/uploads/Told";
import { UsedIn } from "@/uploads/UsedIn";
import { ClassNames } from "./ClassNames";
import { membersIn, studentIn, whatItIs } from "./kinds";
import { type Teacher, teacherJobsQuery, teacherQuery, useDeleteTeacher } from "./queries";

/** One validated checkpoint: what was found in it, how good it is, where it is used. */
export function TeacherPage() {
  const { id } = useParams({ from: "/shell/teachers/$id" });
  const navigate = useNavigate();
  const query = useQuery(teacherQuery(id));
  const remove = useDeleteTeacher(id);
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
      aside={
        teacher && (
          <>
            {teacher.status === "ready" && (
              <Link to="/jobs/new" search={{ teacher: id }} className="button primary">
                <FlaskConical size={14} aria-hidden />
                Distil from it
              </Link>
            )}
            <Delete
              what="teacher"
              name={teacher.name}
              consequence="What it is made of goes with it. Jobs that learn from it keep it from being deleted."
              remove={remove}
              onGone={() => void navigate({ to: "/teachers" })}
            />
          </>
        )
      }
    >
      <Answer query={query} label="the teacher" heights={[96, 280]}>
        {(loaded) => <Loaded teacher={loaded} />}
      </Answer>
    </Page>
  );
}

function Loaded({ teacher }: { teacher: Teacher }) {
  const { status, error, class_names, warnings, report } = teacher;
  const jobs = useQuery(teacherJobsQuery(teacher.id));
  return (
    <>
      {error && <Rejection error={error} />}
      {status === "validating" && (
        <div className="card">
          <Reading what="teacher" since={teacher.created_at} progress={null} />
        </div>
      )}
      {status === "ready" && <Headline teacher={teacher} />}
      {warnings.length > 0 && (
        <Notice kind="warn" title={warnings.length === 1 ? "One thing to know" : `${warnings.length} things to know`}>
          <ul className="stack tight">
            {warnings.map((warning) => (
              <li key={warning} className="wrap">
                {warning}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <div className="grid halves">
        <About teacher={teacher} />
        {report && teacher.kind !== "ensemble" && (
          <Card title="What was found in the file">
            <Told report={report} />
          </Card>
        )}
        {class_names && class_names.length > 0 && <ClassNames names={class_names} />}
        <UsedIn query={jobs} what="teacher" />
      </div>
    </>
  );
}

/** How good, how large, of how many classes: what one asks of a teacher first. */
function Headline({ teacher }: { teacher: Teacher }) {
  const measured = useQuery({ ...datasetQuery(teacher.dataset ?? ""), enabled: teacher.dataset !== null }).data;
  const figures: [ReactNode, string, ReactNode][] = [
    [
      <span key="top1" className="teacher">
        {percent(teacher.top1)}
      </span>,
      "top-1",
      measured ? (
        <>
          on the validation part of{" "}
          <Link key="set" to="/datasets/$id" params={{ id: measured.id }}>
            {measured.name}
          </Link>
        </>
      ) : teacher.top1 == null ? (
        "not measured: it was registered without a data set"
      ) : (
        "on its data set's validation part"
      ),
    ],
    teacher.kind === "table"
      ? ["Table", "of logits", "it sees no images"]
      : [parameters(teacher.parameters), "parameters", teacher.architecture ?? whatItIs(teacher)],
    [String(teacher.classes ?? "–"), teacher.classes === 1 ? "class" : "classes", named(teacher)],
    [bytes(teacher.bytes), teacher.kind === "table" ? "of them" : "of weights", "as stored here"],
  ];
  return (
    <section className="card figures" aria-label="In figures">
      {figures.map(([value, name, more]) => (
        <div key={name}>
          <p>
            <span className="figure">{value}</span> <span className="soft">{name}</span>
          </p>
          <p className="small soft wrap">{more}</p>
        </div>
      ))}
    </section>
  );
}

/** A member's name, or its id where it is gone. */
function Name({ id }: { id: string }) {
  const { data } = useQuery({ ...teacherQuery(id), retry: false });
  return data?.name ?? id;
}

const named = ({ class_names }: Teacher) =>
  class_names ? "with names" : "without names: they are taken from the data set";

function About({ teacher }: { teacher: Teacher }) {
  const { normalization, image_size, interpolation } = teacher;
  const sees = teacher.kind === "network" || teacher.kind === "onnx";
  const per = (values: unknown) => (Array.isArray(values) ? values.map((v: number) => v.toFixed(3)).join(", ") : "–");
  return (
    <Card title="What it is" aside={teacher.status === "ready" ? "as every student will see it" : undefined}>
      <Facts
        facts={[
          teacher.kind === "network"
            ? ["architecture", teacher.architecture ?? "–"]
            : ["what it is", whatItIs(teacher)],
          ...(sees
            ? ([
                [
                  "sees images of",
                  image_size
                    ? `${image_size} × ${image_size}\u202fpx${interpolation ? `, ${interpolation}` : ""}`
                    : "the data set's size",
                ],
                ["expects mean", per(normalization?.mean)],
                ["expects standard deviation", per(normalization?.std)],
              ] as const)
            : []),
          ...(teacher.bound ? ([["knows", "the images of its data set alone"]] as const) : []),
          ["came from", <Source key="from" teacher={teacher} />],
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
  );
}

function Source({ teacher }: { teacher: Teacher }) {
  const source = teacher.source as Record<string, string | undefined>;
  const student = studentIn(teacher);
  if (student) {
    return (
      <Link to="/students/$id" params={{ id: student }}>
        a student of this service
      </Link>
    );
  }
  if (source.kind === "pretrained") {
    return `weights that ${source.library} publishes: ${source.name}${source.weights ? `, ${source.weights}` : ""}`;
  }
  if (source.kind === "ensemble") {
    return (
      <ul className="stack tight">
        {membersIn(teacher).map((one) => (
          <li key={one.teacher}>
            <Link to="/teachers/$id" params={{ id: one.teacher }}>
              <Name id={one.teacher} />
            </Link>
            , weight {plain(one.weight)}
          </li>
        ))}
      </ul>
    );
  }
  return "an uploaded file";
}
