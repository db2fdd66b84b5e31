import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { bytes, duration, elapsed, moment, parameters, short } from "@/format";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { CopyButton, Hash } from "@/ui/Copy";
import { Facts } from "@/ui/Facts";
import { Empty } from "@/ui/faces";
import { Status } from "@/ui/Status";
import { Table } from "@/ui/Table";
import { useJob } from "./JobPage";
import { type Job, jobStudentsQuery, runsQuery } from "./queries";

/** What was asked for, what was decided, who tried: all that one needs to do it again. */
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
        <Card title="Decided by the first attempt">
          {job.decided ? (
            <Facts
              facts={Object.entries(job.decided).map(
                ([key, value]) => [key.replaceAll("_", " "), written(value)] as const,
              )}
            />
          ) : (
            <Empty>Device, precision and threads are decided when the first attempt begins.</Empty>
          )}
        </Card>
      </div>
      <Phases job={job} />
      <Attempts job={job} />
      <Students job={job} />
      <Card
        title="Recipe, every default filled in"
        aside={
          <div className="row">
            <Link to="/jobs/new" search={{ from: job.id }} className="button small">
              Run this again
            </Link>
            <CopyButton text={JSON.stringify(job.recipe, null, 2)} label="Copy the recipe" />
          </div>
        }
      >
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <pre className="json" tabIndex={0}>
          {JSON.stringify(job.recipe, null, 2)}
        </pre>
      </Card>
    </>
  );
}

const written = (value: unknown): string =>
  typeof value === "object" && value ? JSON.stringify(value) : String(value);

function Phases({ job }: { job: Job }) {
  if (job.phase_history.length === 0) return null;
  return (
    <Card title="Phases" flush>
      <Table
        label="Phases"
        rows={job.phase_history}
        id={(row) => row.started_at}
        columns={[
          { head: "Phase", cell: (row) => row.phase.replaceAll("_", " ") },
          { head: "What it said", cell: (row) => <span className="soft wrap">{row.message}</span> },
          { head: "Started", kind: "number", cell: (row) => moment(row.started_at) },
          { head: "Took", kind: "number", cell: (row) => duration(elapsed(row.started_at, row.ended_at)) },
        ]}
      />
    </Card>
  );
}

type Attempt = Schema<"AttemptRead">;

function Attempts({ job }: { job: Job }) {
  const query = useQuery(runsQuery(job.id));
  return (
    <Answer query={query} label="attempts" heights={[44, 44]}>
      {({ data }) => {
        const attempts = data.flatMap((run) => run.attempts);
        return (
          <Card title="Attempts" flush>
            {attempts.length === 0 ? (
              <Empty>No worker has tried yet.</Empty>
            ) : (
              <Table
                label="Attempts"
                rows={attempts}
                id={(row) => String(row.n)}
                columns={[
                  { head: "Attempt", kind: "number", cell: (row) => row.n },
                  { head: "Worker", cell: (row) => <code>{row.worker}</code> },
                  { head: "Outcome", cell: (row) => <Status value={row.outcome ?? "running"} /> },
                  { head: "Ended by", cell: ended },
                  { head: "Peak memory", kind: "number", cell: (row) => bytes(row.peak_memory) },
                  { head: "Started", kind: "number", cell: (row) => moment(row.started_at) },
                  { head: "Took", kind: "number", cell: (row) => duration(elapsed(row.started_at, row.ended_at)) },
                ]}
              />
            )}
          </Card>
        );
      }}
    </Answer>
  );
}

const ended = ({ signal, exit_code }: Attempt) =>
  signal ? `signal ${signal}` : exit_code != null ? `exit code ${exit_code}` : <span className="soft">–</span>;

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
