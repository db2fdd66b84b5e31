import { useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { bytes, duration, elapsed, moment } from "@/format";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/faces";
import { Status } from "@/ui/Status";
import { Table } from "@/ui/Table";
import { type Job, runsQuery } from "../queries";

type Attempt = Schema<"AttemptRead">;

/** Who tried, and how each attempt ended. */
export function AttemptsCard({ job }: { job: Job }) {
  const query = useQuery(runsQuery(job.id));
  return (
    <Answer query={query} label="attempts" heights={[44, 44]}>
      {({ data }) => {
        const attempts = data.flatMap((run) => run.attempts);
        return (
          <Card title="Who tried, and how did it end?" flush>
            {attempts.length === 0 ? (
              <Empty>No worker has tried yet.</Empty>
            ) : (
              <Table
                label="Attempts"
                rows={attempts}
                id={(row) => String(row.n)}
                columns={[
                  { head: "Attempt", cell: (row) => row.n },
                  { head: "Worker", cell: (row) => <code>{row.worker}</code> },
                  { head: "Outcome", cell: (row) => <Status value={row.outcome ?? "running"} /> },
                  { head: "Ended by", cell: ended },
                  { head: "Peak memory", kind: "number", cell: (row) => bytes(row.peak_memory) },
                  { head: "Started", kind: "number", cell: (row) => moment(row.started_at) },
                  { head: "Took", kind: "number", cell: (row) => duration(elapsed(row.started_at, row.ended_at)) },
                ]}
              />
            )}
            {attempts.filter(wentWrong).map((row) => (
              <details key={row.n} className="more last-words">
                <summary>Last words of attempt {row.n}</summary>
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
                <pre className="json" tabIndex={0}>
                  {row.log_tail}
                </pre>
              </details>
            ))}
          </Card>
        );
      }}
    </Answer>
  );
}

const wentWrong = (row: Attempt) => !!row.log_tail && row.outcome !== "succeeded";

const SIGNALS: Readonly<Record<number, string>> = { 6: "abort", 9: "kill", 11: "segfault", 15: "terminate" };

function ended({ signal, exit_code }: Attempt) {
  if (signal) return `signal ${signal}${SIGNALS[signal] ? `, ${SIGNALS[signal]}` : ""}`;
  return exit_code != null ? `exit code ${exit_code}` : <span className="soft">–</span>;
}
