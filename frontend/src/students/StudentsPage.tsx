import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { ago, bytes, parameters, percent, points, short } from "@/format";
import { metricsOf } from "@/jobs/groups";
import { Page } from "@/shell/Page";
import { Listed } from "@/ui/Listed";
import { Pager } from "@/ui/Pager";
import { Status } from "@/ui/Status";
import type { Column } from "@/ui/Table";
import { Choice } from "@/uploads/Choice";
import { type Role, type Student, type StudentStatus, studentsQuery } from "./queries";

const judged = (row: Student) => metricsOf(row).test?.top1 ?? metricsOf(row).top1;

const COLUMNS: readonly Column<Student>[] = [
  {
    head: "Student",
    kind: "name",
    cell: (row) => (
      <span className="stack tight">
        <Link to="/students/$id" params={{ id: row.id }} className="title wrap">
          {row.label}
        </Link>
        <Link to="/jobs/$id" params={{ id: row.job }} className="small soft quiet wrap">
          {row.job_name}
        </Link>
      </span>
    ),
  },
  { head: "Status", cell: (row) => <Status value={row.status} /> },
  { head: "Architecture", cell: (row) => short(row.architecture) },
  { head: "Parameters", kind: "number", cell: (row) => parameters(row.parameters) },
  { head: "Top-1", kind: "number", cell: (row) => <b className="strong">{percent(judged(row))}</b> },
  {
    head: "Over control",
    kind: "number",
    cell: (row) => <Difference of={metricsOf(row).control_difference} />,
  },
  { head: "Like the teacher", kind: "number", cell: (row) => percent(metricsOf(row).agreement) },
  { head: "Weights", kind: "number", cell: (row) => bytes(weights(row)) },
  { head: "Created", kind: "number", cell: (row) => <span className="soft">{ago(row.created_at)}</span> },
];

const weights = (row: Student) => row.files.find((file) => file.name.endsWith(".safetensors"))?.bytes;

/** Green or red only beyond the noise. */
function Difference({ of }: { of: { value: number; interval: [number, number] } | null | undefined }) {
  if (!of) return "–";
  const tone = of.interval[0] > 0 ? "good" : of.interval[1] < 0 ? "bad" : "";
  return <span className={tone}>{points(of.value)}</span>;
}

const ROLES = [
  { key: "student", name: "students" },
  { key: "control", name: "controls" },
] as const;
const STATUSES = [
  { key: "all", name: "any status" },
  { key: "trained", name: "trained" },
  { key: "training", name: "training" },
  { key: "failed", name: "failed" },
] as const;

/** Everything that was trained here, newest first. */
export function StudentsPage() {
  const { after } = useSearch({ from: "/shell/students" });
  const [role, setRole] = useState<Role>("student");
  const [status, setStatus] = useState<StudentStatus | "all">("all");
  const filtered = role !== "student" || status !== "all";
  const query = useQuery(studentsQuery({ role, ...(status === "all" ? {} : { status }), ...(after ? { after } : {}) }));
  return (
    <Page title="Students">
      <div className="row filter-row">
        <Choice label="Role" choices={ROLES} value={role} onChange={setRole} />
        <Choice<StudentStatus | "all"> label="Status" choices={STATUSES} value={status} onChange={setStatus} />
      </div>
      <Listed
        label="students"
        query={query}
        columns={COLUMNS}
        empty={filtered ? "None is like that." : "No students yet. Every job trains one or more of them."}
        pages={(next) => <Pager to="/students" after={after} next={next} />}
      />
    </Page>
  );
}
