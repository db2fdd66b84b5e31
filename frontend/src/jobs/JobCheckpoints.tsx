import { useQuery } from "@tanstack/react-query";
import { ago, bytes, count } from "@/format";
import { Answer } from "@/ui/Answer";
import { Hash } from "@/ui/Copy";
import { Empty } from "@/ui/faces";
import { Table } from "@/ui/Table";
import { useJob } from "./JobPage";
import { checkpointsQuery, OVER } from "./queries";

/** What the job can be resumed from. */
export function JobCheckpoints() {
  const job = useJob();
  const query = useQuery(checkpointsQuery(job.id));
  return (
    <Answer query={query} label="checkpoints" heights={[40, 44, 44]}>
      {({ data }) =>
        data.length === 0 ? (
          <div className="card">
            <Empty>
              {OVER.includes(job.status)
                ? "No checkpoint is kept of this job."
                : "No checkpoint yet. One is written every epoch or every five minutes, whichever comes first."}
            </Empty>
          </div>
        ) : (
          <div className="card flush">
            <Table
              label="Checkpoints"
              rows={data}
              id={(row) => row.id}
              columns={[
                { head: "Step", kind: "number", cell: (row) => count(row.step) },
                { head: "Epoch", kind: "number", cell: (row) => count(row.epoch) },
                { head: "Attempt", kind: "number", cell: (row) => count(row.attempt) },
                { head: "Size", kind: "number", cell: (row) => bytes(row.bytes) },
                { head: "SHA-256", cell: (row) => <Hash value={row.sha256} /> },
                { head: "Written", kind: "number", cell: (row) => <span className="soft">{ago(row.created_at)}</span> },
              ]}
            />
          </div>
        )
      }
    </Answer>
  );
}
