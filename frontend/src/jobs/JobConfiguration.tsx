import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
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

type Student = Schema<"StudentRead">;

/** What was asked for, what was decided, what it comes from: all that one needs to do it again. */
export function JobConfiguration() {
  const job = useJob();
  return (
    <>
      <div className="grid">
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
        <Decided job={job} />
        <Lineage job={job} />
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
            rows={alike(data)}
            id={([first]) => first.id}
            columns={[
              { head: "Name", kind: "name", cell: ([first]) => <span className="wrap">{first.name}</span> },
              { head: "Architecture", cell: ([first]) => short(first.architecture) },
              { head: "Parameters", kind: "number", cell: ([first]) => parameters(first.parameters) },
              { head: "Loss", cell: ([first]) => <code>{options(first.loss)}</code> },
              { head: "Optimizer", cell: ([first]) => <code>{options(first.optimizer)}</code> },
              { head: "Seeds and their tensors' SHA-256", cell: (rows) => <Seeds rows={rows} /> },
            ]}
          />
        </Card>
      )}
    </Answer>
  );
}

type Alike = [Student, ...Student[]];

/** Students that differ in their seed alone, in the order in which they were asked for. */
function alike(students: readonly Student[]): Alike[] {
  const found = new Map<string, Alike>();
  for (const one of students) {
    const key = JSON.stringify([one.role, one.name]);
    const before = found.get(key);
    if (before) before.push(one);
    else found.set(key, [one]);
  }
  return [...found.values()];
}

const Seeds = ({ rows }: { rows: Alike }) => (
  <ul>
    {rows.map((row) => (
      <li key={row.id} className="nowrap">
        <Link to="/students/$id" params={{ id: row.id }}>
          {row.seed}
        </Link>{" "}
        <Hash value={row.tensors_sha256} />
      </li>
    ))}
  </ul>
);

/** dist, alpha 1, beta 2 */
const options = ({ kind, ...rest }: Record<string, unknown>) =>
  [kind, ...Object.entries(rest).map(([key, value]) => `${key} ${value}`)].join(", ");
