import { Link } from "@tanstack/react-router";
import { ago, duration, elapsed, percent, points, spaced } from "@/format";
import type { Job } from "@/jobs/queries";
import { bestOf } from "@/jobs/Summary";
import { Card } from "@/ui/Card";
import { Status } from "@/ui/Status";

/** What came out of the newest jobs that are over. */
export function Finished({ jobs }: { jobs: readonly Job[] }) {
  return (
    <Card
      title="Finished lately"
      aside={
        <Link to="/jobs" search={{ sort: "finished_at" }}>
          all jobs
        </Link>
      }
      flush
    >
      <ul className="result-list">
        {jobs.map((job) => (
          <One key={job.id} job={job} />
        ))}
      </ul>
    </Card>
  );
}

function One({ job }: { job: Job }) {
  const best = bestOf(job);
  const took = job.started_at ? ` · ${duration(elapsed(job.started_at, job.finished_at))}` : "";
  return (
    <li>
      <Status value={job.status} />
      <div className="stack tight">
        <Link to="/jobs/$id" params={{ id: job.id }} className="title wrap">
          {job.name}
        </Link>
        {job.error && <span className="small soft wrap clamped">{spaced(job.error.detail || job.error.title)}</span>}
        <span className="small soft">
          {ago(job.finished_at)}
          {took}
        </span>
      </div>
      <div className="stack tight right">
        <span className="strong">{percent(best?.standing.top1)}</span>
        {best?.toTeacher != null && <span className="small soft nowrap">{points(best.toTeacher)} to teacher</span>}
      </div>
    </li>
  );
}
