import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ago, duration, elapsed, percent, plural, points, spaced } from "@/format";
import { resultOf } from "@/jobs/groups";
import { NewLink } from "@/jobs/NewLink";
import { type Job, jobsQuery, OVER } from "@/jobs/queries";
import { bestGap, bestOf, bestTop1, JobName, JobProgress, left } from "@/jobs/Summary";
import { Page } from "@/shell/Page";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/faces";
import { Status } from "@/ui/Status";
import { type Column, Table } from "@/ui/Table";
import { useNow } from "@/ui/useNow";
import { workersQuery } from "@/workers/queries";
import { Slots } from "@/workers/Slots";
import { Sample } from "./Sample";

const UNFINISHED = ["queued", "running", "pausing", "paused", "cancelling"] as const;

/** What runs, who does it, what came out lately; before the first job, an invitation. */
export function OverviewPage() {
  const open = useQuery(jobsQuery({ status: [...UNFINISHED], limit: 20 }));
  const over = useQuery(jobsQuery({ status: [...OVER], limit: 6 }));
  useNow(30_000);
  const first = open.data?.data.length === 0 && over.data?.data.length === 0;
  return (
    <Page title="Overview" aside={first ? undefined : <NewLink />}>
      {open.data && over.data && !first && <Summary open={open.data.data} over={over.data.data} />}
      {!first && <Sample first={false} />}
      <div className="grid thirds">
        {first ? (
          <Sample first />
        ) : (
          <Answer query={open} label="jobs" heights={[220]}>
            {({ data }) => <Running jobs={data} />}
          </Answer>
        )}
        <Workers />
      </div>
      {!first && (
        <Answer query={over} label="results" heights={[220]}>
          {({ data }) => (data.length > 0 ? <Finished jobs={data} /> : null)}
        </Answer>
      )}
    </Page>
  );
}

function Summary({ open, over }: { open: readonly Job[]; over: readonly Job[] }) {
  const waiting = open.filter((job) => job.status === "queued").length;
  const paused = open.filter((job) => job.status === "paused").length;
  const running = open.length - waiting - paused;
  const parts = [
    running ? `${plural(running, "job is", "jobs are")} running` : "Nothing is running",
    waiting ? `${waiting} ${waiting === 1 ? "waits" : "wait"}` : null,
    paused ? `${paused} paused` : null,
  ];
  const last = over.find((job) => job.status === "succeeded");
  const best = last && bestOf(last);
  return (
    <p className="soft wrap">
      {parts.filter(Boolean).join(", ")}.
      {last && best?.standing.top1 != null && (
        <>
          {" "}
          <Link to="/jobs/$id" params={{ id: last.id }}>
            {last.name}
          </Link>{" "}
          finished {ago(last.finished_at)}: its best student reaches {percent(best.standing.top1)}.
        </>
      )}
    </p>
  );
}

/** What runs comes first, then what waits, the next in line on top. */
function inLine(a: Job, b: Job): number {
  const rank = (job: Job) => (job.status === "queued" ? 1 : job.status === "paused" ? 2 : 0);
  return rank(a) - rank(b) || b.priority - a.priority || a.id.localeCompare(b.id);
}

const COLUMNS: readonly Column<Job>[] = [
  { head: "Running now", kind: "name", cell: (job) => <JobName job={job} /> },
  { head: "Status", cell: (job) => <Status value={job.status} /> },
  { head: "Progress", cell: (job) => <JobProgress job={job} /> },
  { head: "Best so far", kind: "number", cell: bestTop1 },
  { head: "Gap closed", kind: "number", cell: bestGap },
  { head: "Left", kind: "number", cell: left },
];

function Running({ jobs }: { jobs: Job[] }) {
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
      <Table label="Running now" columns={COLUMNS} rows={[...jobs].sort(inLine)} id={(job) => job.id} />
    </div>
  );
}

function Workers() {
  const query = useQuery(workersQuery());
  return (
    <Answer query={query} label="workers" heights={[220]}>
      {({ data }) => {
        const here = data.filter((worker) => worker.status !== "stopped");
        const slots = here.reduce((sum, worker) => sum + worker.slots, 0);
        const busy = here.reduce((sum, worker) => sum + worker.busy, 0);
        return (
          <Card title="Workers" aside={here.length ? `${busy} of ${slots} slots busy` : undefined}>
            {here.length === 0 ? (
              <Empty>
                No worker is running, so jobs wait. Start one with <code>distillery worker</code>.
              </Empty>
            ) : (
              <ul className="stack">
                {here.map((worker) => (
                  <li key={worker.id} className="stack tight">
                    <div className="spread">
                      <code className="clip">{worker.hostname}</code>
                      <span className={`small ${worker.status === "silent" ? "warn" : "soft"}`}>
                        {worker.status === "silent"
                          ? `silent for ${duration(worker.heartbeat_age_seconds)}`
                          : devices(worker.devices)}
                      </span>
                    </div>
                    <Slots worker={worker} />
                  </li>
                ))}
              </ul>
            )}
          </Card>
        );
      }}
    </Answer>
  );
}

const devices = (names: readonly unknown[]) => (names.length ? names.map(String).join(", ") : "processor");

function Finished({ jobs }: { jobs: Job[] }) {
  return (
    <Card title="Finished lately" aside={<Link to="/jobs">all jobs →</Link>} flush>
      <ul className="result-list">
        {jobs.map((job) => (
          <li key={job.id}>
            <Status value={job.status} />
            <div className="stack tight">
              <Link to="/jobs/$id" params={{ id: job.id }} className="title wrap">
                {job.name}
              </Link>
              <span className="small soft wrap">
                {spaced(job.error?.detail ?? resultOf(job).verdict?.text ?? "No figures.")}
              </span>
              <span className="small soft">
                {ago(job.finished_at)}
                {job.started_at && ` · took ${duration(elapsed(job.started_at, job.finished_at))}`}
              </span>
            </div>
            <div className="stack tight right">
              <span>{bestTop1(job)}</span>
              <ToTeacher job={job} />
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function ToTeacher({ job }: { job: Job }) {
  const best = bestOf(job);
  return best?.toTeacher != null ? <span className="small soft">{points(best.toTeacher)} to teacher</span> : null;
}
