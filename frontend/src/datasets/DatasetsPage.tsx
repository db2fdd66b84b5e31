import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { ago, count } from "@/format";
import { Page } from "@/shell/Page";
import { Card } from "@/ui/Card";
import { Listed } from "@/ui/Listed";
import { Pager } from "@/ui/Pager";
import { Status } from "@/ui/Status";
import type { Column } from "@/ui/Table";
import { NewButton, useNewPanel } from "@/uploads/panel";
import { NewDataset } from "./NewDataset";
import { type Dataset, datasetsQuery } from "./queries";
import { Strip } from "./Strip";

const ASIDE = "It is read once, checked, and never changes again";

const COLUMNS: readonly Column<Dataset>[] = [
  {
    head: "Data set",
    kind: "name",
    cell: (row) => (
      <Link to="/datasets/$id" params={{ id: row.id }} className="title wrap">
        {row.name}
      </Link>
    ),
  },
  { head: "Looks like", cell: (row) => <Strip dataset={row} /> },
  { head: "Status", cell: (row) => <Status value={row.status} /> },
  { head: "Classes", kind: "number", cell: (row) => count(row.classes?.length) },
  { head: "Train", kind: "number", cell: (row) => count(row.counts?.train) },
  { head: "Val", kind: "number", cell: (row) => count(row.counts?.val) },
  { head: "Test", kind: "number", cell: (row) => count(row.counts?.test) },
  { head: "Side", kind: "number", cell: (row) => (row.image_size ? `${row.image_size}\u202fpx` : "–") },
  { head: "Created", kind: "number", cell: (row) => <span className="soft">{ago(row.created_at)}</span> },
];

export function DatasetsPage() {
  const { after } = useSearch({ from: "/shell/datasets" });
  const query = useQuery(datasetsQuery(after));
  const panel = useNewPanel("dataset");
  return (
    <Page title="Data sets" aside={<NewButton word="New data set" panel={panel} />}>
      {panel.open && (
        <Card title="New data set" aside={ASIDE}>
          <NewDataset onCreated={() => undefined} onCancel={panel.hide} />
        </Card>
      )}
      <Listed
        label="data sets"
        after={after}
        query={query}
        columns={COLUMNS}
        empty={
          <>
            No data sets yet. Bring an archive here, with a folder for each class; <code>distillery submit</code> brings
            the one that its file names.
          </>
        }
        pages={(next) => <Pager to="/datasets" after={after} next={next} />}
      />
    </Page>
  );
}
