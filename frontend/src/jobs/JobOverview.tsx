import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { VerdictCard } from "@/distillation/VerdictCard";
import { Notice } from "@/ui/faces";
import { AccuracyChart } from "./AccuracyChart";
import { CourseCard } from "./course/CourseCard";
import { Downloads } from "./Downloads";
import { standingsOf, teacherOf } from "./groups";
import { useJob } from "./JobPage";
import { type Job, metricsQuery, warningsQuery } from "./queries";
import { SizeChart } from "./SizeChart";
import { StudentCard } from "./StudentCard";

const WARNINGS = 3;

/** What came out, or how it stands; then the curves; then the files. */
export function JobOverview() {
  const job = useJob();
  const metrics = useQuery(metricsQuery(job.id)).data;
  const series = metrics?.series ?? [];
  const standings = standingsOf(job, series);
  const teacher = teacherOf(job, series);
  const measured = standings.filter((one) => one.top1 !== null);
  return (
    <>
      {job.error && <JobError id={job.id} error={job.error} paused={job.status === "paused"} />}
      <Warned id={job.id} />
      <VerdictCard job={job} standings={standings} teacher={teacher} />
      {measured.length > 0 && (
        <div className="grid">
          {standings.map((standing) => (
            <StudentCard key={standing.group.name} standing={standing} teacher={teacher?.top1 ?? null} />
          ))}
        </div>
      )}
      <AccuracyChart job={job} series={series} height={300} keyed />
      <CourseCard job={job} />
      <div className="grid halves">
        {standings.some((one) => one.final) && <SizeChart job={job} standings={standings} />}
        <Downloads job={job} />
      </div>
    </>
  );
}

/** What the training warned of, once each: a figure below is read otherwise by who knows it. */
function Warned({ id }: { id: string }) {
  const lines = useQuery(warningsQuery(id)).data?.data ?? [];
  const said = [...new Set(lines.map((line) => line.message))].slice(0, WARNINGS);
  if (said.length === 0) return null;
  return (
    <Notice kind="warn" title={said.length === 1 ? "The training had a warning" : "The training had warnings"}>
      {said.map((message) => (
        <p key={message}>{message}</p>
      ))}
    </Notice>
  );
}

interface ErrorProps {
  id: string;
  error: NonNullable<Job["error"]>;
  paused: boolean;
}

/** Why it failed, and what would fail again if nothing changed; of a paused one, why it waits: it goes on by itself. */
function JobError({ id, error, paused }: ErrorProps) {
  return (
    <Notice kind={paused ? "warn" : "bad"} title={error.title || error.code}>
      <p className="preserve">{error.detail}</p>
      {error.hint && <p>{error.hint}</p>}
      <p className="small soft">
        <code>{error.code}</code>
        {error.retryable && !paused ? " · worth a retry" : ""}
      </p>
      {!error.retryable && !paused && (
        <p>
          <Link to="/jobs/new" search={{ from: id }} className="button">
            Change it and run again
          </Link>
        </p>
      )}
    </Notice>
  );
}
