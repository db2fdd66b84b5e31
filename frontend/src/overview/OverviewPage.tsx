import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ago, percent, percentage, plural } from "@/format";
import { standingsOf, teacherOf } from "@/jobs/groups";
import { NewLink } from "@/jobs/NewLink";
import { type Job, jobsQuery, OVER } from "@/jobs/queries";
import { SizeChart } from "@/jobs/SizeChart";
import { bestOf } from "@/jobs/Summary";
import { helpedOf } from "@/jobs/verdict";
import { Page } from "@/shell/Page";
import { Answer } from "@/ui/Answer";
import { useNow } from "@/ui/useNow";
import { Finished } from "./Finished";
import { Running } from "./Running";
import { Sample } from "./Sample";
import { WorkersCard } from "./WorkersCard";

const UNFINISHED = ["queued", "running", "pausing", "paused", "cancelling"] as const;
const LATELY = 5;

/** What runs, who does it, what came out lately; before the first job, an invitation. */
export function OverviewPage() {
  const open = useQuery(jobsQuery({ status: [...UNFINISHED], limit: 20 }));
  const over = useQuery(jobsQuery({ status: [...OVER], limit: LATELY, sort: "finished_at" }));
  useNow(30_000);
  const first = open.data?.data.length === 0 && over.data?.data.length === 0;
  return (
    <Page title="Overview" aside={first ? undefined : <NewLink />}>
      {open.data && over.data && !first && <Summary open={open.data.data} over={over.data.data} />}
      {!first && <Sample first={false} />}
      <div className="grid overview-now">
        {first ? (
          <Sample first />
        ) : (
          <Answer query={open} label="jobs" heights={[220]}>
            {({ data }) => <Running jobs={data} />}
          </Answer>
        )}
        <WorkersCard />
      </div>
      {!first && (
        <Answer query={over} label="results" heights={[280]}>
          {({ data }) => <Results jobs={data} />}
        </Answer>
      )}
    </Page>
  );
}

/** Of the newest job that has one to tell: which of its students to take. */
function Results({ jobs }: { jobs: readonly Job[] }) {
  if (jobs.length === 0) return null;
  const told = jobs.find(
    (job) => job.status === "succeeded" && teacherOf(job)?.parameters && standingsOf(job).some((one) => one.final),
  );
  return (
    <div className={`grid ${told ? "overview-results" : ""}`}>
      {told && (
        <SizeChart
          job={told}
          standings={standingsOf(told)}
          of={
            <Link to="/jobs/$id" params={{ id: told.id }} className="named" title={told.name} dir="auto">
              {told.name}
            </Link>
          }
        />
      )}
      <Finished jobs={jobs} />
    </div>
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
  return (
    <p className="soft wrap">
      {parts.filter(Boolean).join(", ")}.{last && <Last job={last} />}
    </p>
  );
}

function Last({ job }: { job: Job }) {
  const best = bestOf(job);
  if (best?.standing.top1 == null) return null;
  const { toTeacher } = best;
  const helped = helpedOf(job);
  const beside =
    toTeacher === null
      ? ""
      : Math.abs(toTeacher) < 0.0005
        ? ", level with its teacher"
        : `, ${percentage(Math.abs(toTeacher))} points ${toTeacher < 0 ? "below" : "above"} its teacher`;
  return (
    <>
      {" "}
      <Link to="/jobs/$id" params={{ id: job.id }} className="named" title={job.name} dir="auto">
        {job.name}
      </Link>{" "}
      finished {ago(job.finished_at)}: its best student reaches {percent(best.standing.top1)}
      {beside}.{helped && ` ${helped}`}
    </>
  );
}
