import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useParams } from "@tanstack/react-router";
import { GitCompareArrows } from "lucide-react";
import { createContext, useContext } from "react";
import { isNotFound } from "@/api/client";
import { AddressedCharts } from "@/charts/AddressedCharts";
import { duration, elapsed, percent, plural } from "@/format";
import { TellMe } from "@/notify/TellMe";
import { NotFound } from "@/shell/NotFound";
import { Page } from "@/shell/Page";
import { Failure, Loading, Notice } from "@/ui/faces";
import { Progress } from "@/ui/Progress";
import { Status } from "@/ui/Status";
import { useNow } from "@/ui/useNow";
import { Actions } from "./Actions";
import { groupsOf, teacherOf } from "./groups";
import { useLive } from "./live";
import { isActive, type Job, jobQuery } from "./queries";

const TABS = [
  { to: "/jobs/$id", name: "Overview" },
  { to: "/jobs/$id/charts", name: "Charts" },
  { to: "/jobs/$id/distillation", name: "Distillation" },
  { to: "/jobs/$id/checkpoints", name: "Checkpoints" },
  { to: "/jobs/$id/log", name: "Log" },
  { to: "/jobs/$id/system", name: "System" },
  { to: "/jobs/$id/configuration", name: "Configuration" },
] as const;

const TheJob = createContext<Job | null>(null);

/** The job of this page, for its tabs. */
export function useJob(): Job {
  const job = useContext(TheJob);
  if (!job) throw new Error("useJob outside of a job's page");
  return job;
}

/** One job: what it is, how far it is, what can be done with it; followed event by event. */
export function JobPage() {
  const { id } = useParams({ from: "/shell/jobs/$id" });
  const query = useQuery(jobQuery(id));
  useLive(id);
  const job = query.data;
  if (isNotFound(query.error)) return <NotFound what="job" />;
  if (!job) {
    return (
      <Page title="Job">
        {query.isError ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Loading label="the job" heights={[20, 36, 88, 140, 340]} />
        )}
      </Page>
    );
  }
  return (
    <Page
      title={job.name}
      heading={
        <div className="row job-heading">
          <h1 className="wrap">{job.name}</h1>
          <Status value={job.status} />
        </div>
      }
      aside={
        <>
          <TellMe job={job} />
          <Link to="/compare" search={{ jobs: job.id }} className="button">
            <GitCompareArrows size={14} aria-hidden />
            Compare
          </Link>
          <Actions job={job} />
        </>
      }
    >
      <Facts job={job} />
      <nav className="tabs" aria-label="Job">
        {TABS.map(({ to, name }) => (
          <Link
            key={to}
            to={to}
            params={{ id }}
            activeOptions={{ exact: true, includeSearch: false }}
            activeProps={{ "aria-current": "page" }}
          >
            {name}
          </Link>
        ))}
      </nav>
      {job.warnings.map((warning) => (
        <Notice key={warning} kind="warn" title={warning} />
      ))}
      <AddressedCharts key={id}>
        <TheJob value={job}>
          <Outlet />
        </TheJob>
      </AddressedCharts>
    </Page>
  );
}

const STALE = 30;

/** The line below the name: who learns from whom, on what, where, and how far it is. */
function Facts({ job }: { job: Job }) {
  useNow(1_000);
  const groups = groupsOf(job.students);
  const controls = job.students.filter((student) => student.role === "control").length;
  const students = job.students.length - controls;
  const teacher = teacherOf(job);
  const age = elapsed(job.heartbeat_at);
  const held = job.status === "running" || job.status === "pausing" || job.status === "cancelling";
  return (
    <div className="facts-line small soft">
      <span className="wrap">
        {job.teacher ? (
          <>
            <Link to="/teachers/$id" params={{ id: job.teacher.id }} className="teacher">
              {job.teacher.name}
            </Link>
            {teacher && <span className="teacher"> {percent(teacher.top1)}</span>} →{" "}
          </>
        ) : (
          "labels alone → "
        )}
        {plural(groups.length, "student")}
        {students > groups.length && ` × ${plural(students / groups.length, "seed")}`}
        {controls > 0 && `, ${plural(controls, "control")}`}
        {job.dataset && (
          <>
            {" · "}
            <Link to="/datasets/$id" params={{ id: job.dataset.id }}>
              {job.dataset.name}
            </Link>
          </>
        )}
        {held && age !== null && (
          <span className={age > STALE ? "bad" : ""}>
            {" · "}
            {age > STALE ? `no sign of life for ${duration(age)}` : `heartbeat ${duration(age)}`}
          </span>
        )}
      </span>
      <Course job={job} />
    </div>
  );
}

function Course({ job }: { job: Job }) {
  const { percent: done, epoch, total_epochs, images_per_second, eta_seconds } = job.progress;
  if (job.status === "succeeded") {
    return <span className="nowrap">took {duration(elapsed(job.started_at, job.finished_at))}</span>;
  }
  if (!job.started_at) return <span>{job.status === "queued" ? "waits for a free slot" : "never started"}</span>;
  const parts = [
    job.phase && job.phase !== "training" ? job.phase.replaceAll("_", " ") : null,
    `epoch ${epoch} of ${total_epochs ?? "–"}`,
    isActive(job) && images_per_second ? `${Math.round(images_per_second).toLocaleString("en")} images/s` : null,
    isActive(job) && eta_seconds != null ? `${duration(eta_seconds)} left` : null,
  ];
  return (
    <div className="course">
      <Progress percent={done} label="Progress" />
      <strong>
        {Math.floor(done)}
        {"\u202f"}%
      </strong>
      <span>{parts.filter(Boolean).join(" · ")}</span>
    </div>
  );
}
