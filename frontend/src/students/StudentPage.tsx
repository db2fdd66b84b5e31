import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { GraduationCap } from "lucide-react";
import { useState } from "react";
import { isNotFound } from "@/api/client";
import { seriesColor } from "@/charts/color";
import { brief } from "@/distillation/chosen";
import { EvaluationSection } from "@/evaluation/EvaluationSection";
import { moment, parameters, plain } from "@/format";
import { type Group, groupsOf } from "@/jobs/groups";
import { jobQuery } from "@/jobs/queries";
import { NotFound } from "@/shell/NotFound";
import { Page } from "@/shell/Page";
import { NewTeacher } from "@/teachers/NewTeacher";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Dialog } from "@/ui/Dialog";
import { Facts } from "@/ui/Facts";
import { Notice } from "@/ui/faces";
import { Status } from "@/ui/Status";
import { Figures } from "./Figures";
import { Lineage } from "./Lineage";
import { type Student, studentQuery } from "./queries";
import { StudentFiles } from "./StudentFiles";

/** One trained network: how good it is, where it comes from, its files. */
export function StudentPage() {
  const { id } = useParams({ from: "/shell/students/$id" });
  const query = useQuery(studentQuery(id));
  const [teaching, setTeaching] = useState(false);
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
          <>
            {student.status === "trained" && (
              <button type="button" className="button" onClick={() => setTeaching(true)}>
                <GraduationCap size={14} aria-hidden />
                Use it as a teacher
              </button>
            )}
            <Link to="/jobs/$id" params={{ id: student.job }} className="button">
              To its job
            </Link>
          </>
        )
      }
    >
      <Answer query={query} label="the student" heights={[240, 200]}>
        {(loaded) => <Loaded student={loaded} />}
      </Answer>
      {teaching && (
        <Dialog title="Use it as a teacher" onClose={() => setTeaching(false)} wide>
          <NewTeacher student={id} onCreated={() => undefined} onCancel={() => setTeaching(false)} />
        </Dialog>
      )}
    </Page>
  );
}

function Loaded({ student }: { student: Student }) {
  const failure = student.error as { title?: string; detail?: string; hint?: string } | null;
  const job = useQuery(jobQuery(student.job)).data;
  const groups = groupsOf(job?.students ?? []);
  const group = groups.find((one) => [...one.members, ...one.controls].some((member) => member.id === student.id));
  const control = group?.controls.find((one) => one.twin === student.twin && one.id !== student.id);
  return (
    <div className="stack" style={colors(student, group)}>
      {failure && (
        <Notice kind="bad" title={failure.title ?? "It failed"}>
          <p>{failure.detail}</p>
          {failure.hint && <p>{failure.hint}</p>}
        </Notice>
      )}
      <div className="grid halves">
        <Figures student={student} job={job} />
        <Lineage student={student} />
      </div>
      <EvaluationSection
        student={student}
        name={brief(student.name)}
        control={control?.status === "trained" ? control.id : null}
      />
      <StudentFiles student={student} />
      <Card title="What it is">
        <Facts
          facts={[
            ["architecture", student.architecture],
            ["parameters", parameters(student.parameters)],
            ["role", student.role],
            ["seed", String(student.seed)],
            ["loss", options(student.loss)],
            ["optimizer", options(student.optimizer)],
            ["began from", options(student.init)],
            ["created", moment(student.created_at)],
            ["id", <code key="id">{student.id}</code>],
            [
              "tensors' SHA-256",
              <span key="hash" className="hash">
                {student.tensors_sha256 ?? "–"}
              </span>,
            ],
          ]}
        />
      </Card>
    </div>
  );
}

/** The student's colour on its job's page; a control's grey. */
const colors = (student: Student, group: Group | undefined) =>
  (group ? { "--student": student.role === "control" ? "var(--control)" : seriesColor(group.hue) } : {}) as object;

const options = ({ kind, ...rest }: Record<string, unknown>) =>
  [
    kind,
    ...Object.entries(rest)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => `${key.replaceAll("_", " ")} ${told(value)}`),
  ].join(", ");

const told = (value: unknown): string =>
  typeof value === "number" ? plain(value) : typeof value === "object" ? JSON.stringify(value) : String(value);
