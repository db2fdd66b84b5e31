import { useQuery } from "@tanstack/react-query";
import { moment, parameters, short } from "@/format";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Hash } from "@/ui/Copy";
import { Facts } from "@/ui/Facts";
import { Empty } from "@/ui/faces";
import { Table } from "@/ui/Table";
import { Again } from "./configuration/Again";
import { Lineage } from "./configuration/Lineage";
import { useJob } from "./JobPage";
import { type Job, jobStudentsQuery } from "./queries";

/** What was asked for, what was decided, what it comes from: all that one needs to do it again. */
export function JobConfiguration() {
  const job = useJob();
  return (
    <>
      <div className="grid halves">
        <Card title="The job">
          <Facts
            facts={[
              ["id", <code key="id">{job.id}</code>] as const,
              ["created", moment(job.created_at)],
              ["started", moment(job.started_at)],
              ["finished", moment(job.finished_at)],
              [
                "attempt",
                job.attempt ? `${job.attempt} (fails after ${job.max_attempts} crashes in a row)` : "none yet",
              ],
              ["priority", String(job.priority)],
              ...Object.entries(job.metadata),
            ]}
          />
        </Card>
        <div className="stack config-side">
          <Decided job={job} />
          <Lineage job={job} />
        </div>
      </div>
      <Students job={job} />
      <Again job={job} />
    </>
  );
}

function Decided({ job }: { job: Job }) {
  return (
    <Card title="What did the first attempt decide?">
      {job.decided ? (
        <Facts
          facts={Object.entries(job.decided).map(([key, value]) => [key.replaceAll("_", " "), written(value)] as const)}
        />
      ) : (
        <Empty>Device, precision and threads are decided when the first attempt begins.</Empty>
      )}
    </Card>
  );
}

const written = (value: unknown): string =>
  typeof value === "object" && value ? JSON.stringify(value) : String(value);

function Students({ job }: { job: Job }) {
  const query = useQuery(jobStudentsQuery(job.id));
  return (
    <Answer query={query} label="students" heights={[44, 44]}>
      {({ data }) => (
        <Card title="Students and controls" flush>
          <Table
            label="Students and controls"
            rows={data}
            id={(row) => row.id}
            columns={[
              { head: "Label", kind: "name", cell: (row) => <span className="wrap">{row.label}</span> },
              { head: "Architecture", cell: (row) => short(row.architecture) },
              { head: "Parameters", kind: "number", cell: (row) => parameters(row.parameters) },
              { head: "Loss", cell: (row) => <code>{options(row.loss)}</code> },
              { head: "Optimizer", cell: (row) => <code>{options(row.optimizer)}</code> },
              { head: "Tensors' SHA-256", cell: (row) => <Hash value={row.tensors_sha256} /> },
            ]}
          />
        </Card>
      )}
    </Answer>
  );
}

/** dist, alpha 1, beta 2 */
const options = ({ kind, ...rest }: Record<string, unknown>) =>
  [kind, ...Object.entries(rest).map(([key, value]) => `${key} ${value}`)].join(", ");
