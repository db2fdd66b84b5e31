import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { ago, bytes, parameters, percent, short } from "@/format";
import { Page } from "@/shell/Page";
import { Card } from "@/ui/Card";
import { Listed } from "@/ui/Listed";
import { Pager } from "@/ui/Pager";
import { Status } from "@/ui/Status";
import type { Column } from "@/ui/Table";
import { NewButton, useNewPanel } from "@/uploads/panel";
import { whatItIs } from "./kinds";
import { NewTeacher } from "./NewTeacher";
import { type Teacher, teachersQuery } from "./queries";

const ASIDE = "It is read once, checked, and measured";

const COLUMNS: readonly Column<Teacher>[] = [
  {
    head: "Teacher",
    kind: "name",
    cell: (row) => (
      <Link to="/teachers/$id" params={{ id: row.id }} className="title wrap">
        {row.name}
      </Link>
    ),
  },
  { head: "Status", cell: (row) => <Status value={row.status} /> },
  { head: "What it is", cell: (row) => (row.status === "ready" ? whatItIs(row) : short(row.architecture)) },
  { head: "Parameters", kind: "number", cell: (row) => parameters(row.parameters) },
  { head: "Size", kind: "number", cell: (row) => bytes(row.bytes) },
  { head: "Classes", kind: "number", cell: (row) => row.classes ?? "–" },
  { head: "Top-1", kind: "number", cell: (row) => <span className="teacher">{percent(row.top1)}</span> },
  { head: "Created", kind: "number", cell: (row) => <span className="soft">{ago(row.created_at)}</span> },
];

export function TeachersPage() {
  const { after } = useSearch({ from: "/shell/teachers" });
  const query = useQuery(teachersQuery(after));
  const panel = useNewPanel("teacher");
  return (
    <Page title="Teachers" aside={<NewButton word="New teacher" panel={panel} />}>
      {panel.open && (
        <Card title="New teacher" aside={ASIDE}>
          <NewTeacher onCreated={() => undefined} onCancel={panel.hide} />
        </Card>
      )}
      <Listed
        label="teachers"
        after={after}
        query={query}
        columns={COLUMNS}
        empty={
          <>
            No teachers yet. Bring a checkpoint, an ONNX model or a table of logits here; <code>distillery submit</code>{" "}
            brings the one that its file names, and a trained student can be one too.
          </>
        }
        pages={(next) => <Pager to="/teachers" after={after} next={next} />}
      />
    </Page>
  );
}
