import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { ago, duration } from "@/format";
import { Page } from "@/shell/Page";
import { Listed } from "@/ui/Listed";
import { Pager } from "@/ui/Pager";
import { Status } from "@/ui/Status";
import type { Column } from "@/ui/Table";
import { type Worker, workersQuery } from "./queries";
import { Slots } from "./Slots";

const COLUMNS: readonly Column<Worker>[] = [
  { head: "Worker", kind: "name", cell: (row) => <code className="wrap">{row.hostname}</code> },
  { head: "Status", cell: (row) => <Status value={row.status} /> },
  { head: "Slots", cell: (row) => <Slots worker={row} /> },
  { head: "Devices", cell: (row) => (row.devices.length ? row.devices.map(String).join(", ") : "processor") },
  {
    head: "Heartbeat",
    kind: "number",
    cell: (row) =>
      row.status === "stopped" ? `stopped ${ago(row.stopped_at)}` : `${duration(row.heartbeat_age_seconds)} ago`,
  },
  { head: "Process", kind: "number", cell: (row) => <code>{row.pid}</code> },
  { head: "Version", kind: "number", cell: (row) => row.version },
  { head: "Started", kind: "number", cell: (row) => <span className="soft">{ago(row.created_at)}</span> },
];

export function WorkersPage() {
  const { after } = useSearch({ from: "/shell/workers" });
  const query = useQuery(workersQuery(after));
  return (
    <Page title="Workers">
      <Listed
        label="workers"
        query={query}
        columns={COLUMNS}
        empty={
          <>
            No worker has ever reported. Start one with <code>distillery worker</code>.
          </>
        }
        pages={(next) => <Pager to="/workers" after={after} next={next} />}
      />
    </Page>
  );
}
