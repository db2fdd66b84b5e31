import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { ago, parameters, percent, points, short } from "@/format";
import { metricsOf } from "@/jobs/groups";
import { Page } from "@/shell/Page";
import { Listed } from "@/ui/Listed";
import { Pager } from "@/ui/Pager";
import { Status } from "@/ui/Status";
import type { Column } from "@/ui/Table";
import { type Student, studentsQuery } from "./queries";

const COLUMNS: readonly Column<Student>[] = [
  {
    head: "Student",
    kind: "name",
    cell: (row) => (
      <Link to="/students/$id" params={{ id: row.id }} className="title wrap">
        {row.label}
      </Link>
    ),
  },
  { head: "Status", cell: (row) => <Status value={row.status} /> },
  { head: "Architecture", cell: (row) => short(row.architecture) },
  { head: "Parameters", kind: "number", cell: (row) => parameters(row.parameters) },
  { head: "Top-1", kind: "number", cell: (row) => percent(metricsOf(row).test?.top1 ?? metricsOf(row).top1) },
  { head: "Over control", kind: "number", cell: (row) => points(metricsOf(row).control_difference?.value) },
  {
    head: "Job",
    cell: (row) => (
      <Link to="/jobs/$id" params={{ id: row.job }} className="title wrap">
        {row.job_name}
      </Link>
    ),
  },
  { head: "Created", kind: "number", cell: (row) => <span className="soft">{ago(row.created_at)}</span> },
];

export function StudentsPage() {
  const { after } = useSearch({ from: "/shell/students" });
  const query = useQuery(studentsQuery(after));
  return (
    <Page title="Students">
      <Listed
        label="students"
        query={query}
        columns={COLUMNS}
        empty="No students yet. Every job trains one or more of them."
        pages={(next) => <Pager to="/students" after={after} next={next} />}
      />
    </Page>
  );
}
