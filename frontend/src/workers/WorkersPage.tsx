import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { ago, duration, plural } from "@/format";
import { Page } from "@/shell/Page";
import { Command } from "@/ui/Copy";
import { Listed } from "@/ui/Listed";
import { Pager } from "@/ui/Pager";
import { Status } from "@/ui/Status";
import type { Column } from "@/ui/Table";
import { type Busy, busyQuery, type Worker, workersQuery } from "./queries";
import { type Usage, usageQuery } from "./usage";
import { SlotWork } from "./Work";

const NOBODY: ReadonlyMap<string, Usage> = new Map();

const columns = (busy: readonly Busy[], usage: ReadonlyMap<string, Usage>): Column<Worker>[] => [
  {
    head: "Worker",
    kind: "name",
    cell: (row) => (
      <span className="stack tight">
        <code className="wrap strong">{row.hostname}</code>
        <span className="small soft">
          process {row.pid}, version {row.version}
        </span>
      </span>
    ),
  },
  { head: "Status", cell: (row) => <Status value={row.status} /> },
  { head: "What it does", cell: (row) => <SlotWork worker={row} busy={busy} usage={usage} /> },
  { head: "Devices", cell: (row) => <Devices devices={row.devices.map(String)} /> },
  { head: "Slots", kind: "number", cell: (row) => `${row.busy} of ${row.slots}` },
  {
    head: "Heartbeat",
    kind: "number",
    cell: (row) => (
      <span className={row.status === "silent" ? "warn" : ""}>
        {row.status === "stopped" ? `stopped ${ago(row.stopped_at)}` : `${duration(row.heartbeat_age_seconds)} ago`}
      </span>
    ),
  },
  { head: "Started", kind: "number", cell: (row) => <span className="soft">{ago(row.created_at)}</span> },
];

/** Equal GPUs are counted: "4 × NVIDIA H100". */
function Devices({ devices }: { devices: readonly string[] }) {
  if (devices.length === 0) return <span className="soft">processor</span>;
  const counts = new Map<string, number>();
  for (const device of devices) counts.set(device, (counts.get(device) ?? 0) + 1);
  return [...counts].map(([device, n]) => (n > 1 ? `${n} × ${device}` : device)).join(", ");
}

/** Who does the work, and what of it now. */
export function WorkersPage() {
  const { after } = useSearch({ from: "/shell/workers" });
  const query = useQuery(workersQuery(after));
  const busy = useQuery(busyQuery).data ?? [];
  const trained = busy.flatMap(({ run }) => (run.kind === "train" ? [run.subject] : []));
  const usage = useQuery(usageQuery(trained)).data ?? NOBODY;
  const online = query.data?.data.filter((worker) => worker.status === "online") ?? [];
  const sum = (count: (worker: Worker) => number) => online.reduce((total, worker) => total + count(worker), 0);
  return (
    <Page
      title="Workers"
      aside={
        online.length > 0 && (
          <span className="soft">
            {plural(online.length, "worker")} online, {sum((worker) => worker.busy)} of{" "}
            {plural(
              sum((worker) => worker.slots),
              "slot",
            )}{" "}
            busy
          </span>
        )
      }
    >
      <Listed
        label="workers"
        after={after}
        query={query}
        columns={columns(busy, usage)}
        empty={
          <>
            No worker has ever reported. Start one on a machine that reaches the database, the storage and the broker
            with <code>distillery worker</code>; <code>distillery up</code> starts one beside the service.
          </>
        }
        pages={(next) => <Pager to="/workers" after={after} next={next} />}
      />
      {query.data && query.data.data.length > 0 && online.length === 0 && !after && (
        <div className="stack tight">
          <p className="soft">Nobody works at the moment. What is queued waits until a worker comes:</p>
          <Command text="distillery worker" />
        </div>
      )}
    </Page>
  );
}
