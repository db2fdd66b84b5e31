import { useQuery } from "@tanstack/react-query";
import { duration, elapsed, moment } from "@/format";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/faces";
import { Table } from "@/ui/Table";
import { useAxis } from "./axis";
import { MetricChart } from "./charts/MetricChart";
import { AttemptsCard } from "./course/AttemptsCard";
import { CourseCard } from "./course/CourseCard";
import { useJob } from "./JobPage";
import { type Job, metricsQuery } from "./queries";

const NAMES = [
  "system/gpu",
  "system/gpu_memory",
  "system/cpu",
  "system/memory",
  "images_per_second",
  "time/data",
] as const;

/** What the job makes of the machine, and what it has cost. */
export function JobSystem() {
  const job = useJob();
  const axis = useAxis(job);
  const query = useQuery(metricsQuery(job.id));
  return (
    <>
      <CourseCard job={job} />
      <Answer query={query} label="the machine's curves" heights={[300, 300]}>
        {({ series }) => {
          const own = NAMES.map((name) => [name, series.filter((one) => one.name === name)] as const);
          const known = own.filter(([, curves]) => curves.length > 0);
          return known.length === 0 ? (
            <div className="card">
              <Empty>Nothing has been measured of the machine yet. The first points come with the first epoch.</Empty>
            </div>
          ) : (
            <div className="grid halves">
              {known.map(([name, curves]) => (
                <MetricChart key={name} name={name} job={job} series={curves} axis={axis} height={220} />
              ))}
            </div>
          );
        }}
      </Answer>
      <AttemptsCard job={job} />
      <Phases job={job} />
    </>
  );
}

function Phases({ job }: { job: Job }) {
  if (job.phase_history.length === 0) return null;
  return (
    <Card title="What did it do, and when?" flush>
      <Table
        label="Phases"
        rows={job.phase_history}
        id={(row) => row.started_at}
        columns={[
          { head: "Phase", cell: (row) => row.phase.replaceAll("_", " ") },
          { head: "What it said", cell: (row) => <span className="soft wrap">{row.message || "–"}</span> },
          { head: "Started", kind: "number", cell: (row) => moment(row.started_at) },
          { head: "Took", kind: "number", cell: (row) => duration(elapsed(row.started_at, row.ended_at)) },
        ]}
      />
    </Card>
  );
}
