import { Link } from "@tanstack/react-router";
import { count, percent } from "@/format";
import type { Job } from "@/jobs/queries";
import { bestGap, bestTop1, JobName, left } from "@/jobs/Summary";
import { Card } from "@/ui/Card";
import { Progress } from "@/ui/Progress";
import { Status } from "@/ui/Status";
import { type Column, Table } from "@/ui/Table";
import { inLine, placeInLine } from "./line";

const columns = (jobs: readonly Job[]): Column<Job>[] => [
  { head: "Running now", kind: "name", cell: (job) => <JobName job={job} /> },
  { head: "Progress", cell: (job) => <Course job={job} jobs={jobs} /> },
  { head: "Best so far", kind: "number", cell: bestTop1 },
  { head: "Gap closed", kind: "number", cell: bestGap },
  { head: "Left", kind: "number", cell: left },
];

/** What runs, then what waits, the next in line on top. */
export function Running({ jobs }: { jobs: readonly Job[] }) {
  if (jobs.length === 0) {
    return (
      <Card title="Running now">
        <p className="soft">
          Nothing, and nothing waits. Ask for a <Link to="/jobs/new">new distillation</Link>.
        </p>
      </Card>
    );
  }
  return (
    <div className="card flush running">
      <Table label="Running now" columns={columns(jobs)} rows={[...jobs].sort(inLine)} id={(job) => job.id} />
    </div>
  );
}

function Course({ job, jobs }: { job: Job; jobs: readonly Job[] }) {
  const { percent: done, epoch, total_epochs, images_per_second } = job.progress;
  if (job.status !== "running") {
    return (
      <div className="row job-progress">
        <Status value={job.status} />
        <span className="small soft">
          {job.status === "queued" ? placeInLine(job, jobs) : total_epochs ? `epoch ${epoch} of ${total_epochs}` : ""}
        </span>
      </div>
    );
  }
  const speed = images_per_second ? ` · ${count(images_per_second)} images/s` : "";
  const phase = job.phase && job.phase !== "training" ? job.phase.replaceAll("_", " ") : null;
  return (
    <div className="stack tight job-progress">
      <Progress percent={done} label={`${job.name}: progress`} />
      <span className="small soft">
        {phase ?? (total_epochs ? `epoch ${epoch} of ${total_epochs}${speed}` : percent(done / 100, 0))}
      </span>
    </div>
  );
}
