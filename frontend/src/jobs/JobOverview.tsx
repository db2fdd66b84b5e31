import { useQuery } from "@tanstack/react-query";
import { LineChart } from "@/charts/LineChart";
import { VerdictCard } from "@/distillation/VerdictCard";
import { percentage } from "@/format";
import { Notice } from "@/ui/faces";
import { useAxis } from "./axis";
import { CourseCard } from "./course/CourseCard";
import { Downloads } from "./Downloads";
import { standingsOf, teacherOf } from "./groups";
import { useJob } from "./JobPage";
import { linesOf, teacherLevel } from "./lines";
import { type Job, metricsQuery, OVER, warningsQuery } from "./queries";
import { SizeChart } from "./SizeChart";
import { StudentCard } from "./StudentCard";

const WARNINGS = 3;

/** What came out, or how it stands; then the curves; then the files. */
export function JobOverview() {
  const job = useJob();
  const axis = useAxis(job);
  const metrics = useQuery(metricsQuery(job.id)).data;
  const series = metrics?.series ?? [];
  const standings = standingsOf(job, series);
  const teacher = teacherOf(job, series);
  const lines = linesOf(job, series, "val/top1");
  const measured = standings.filter((one) => one.top1 !== null);
  return (
    <>
      {job.error && <JobError error={job.error} />}
      <Warned id={job.id} />
      <VerdictCard job={job} standings={standings} teacher={teacher} />
      {measured.length > 0 && (
        <div className="grid">
          {standings.map((standing) => (
            <StudentCard key={standing.group.name} standing={standing} teacher={teacher?.top1 ?? null} />
          ))}
        </div>
      )}
      {(lines.length > 0 || !OVER.includes(job.status)) && (
        <LineChart
          title="Does it get as good as its teacher?"
          caption="validation top-1, %"
          note={job.students.some((one) => one.role === "control") ? "dotted: the same network without a teacher" : ""}
          metric="val/top1"
          lines={lines}
          levels={teacherLevel(job, series)}
          axis={axis}
          write={percentage}
          unit={100}
          focus
          height={300}
          keyed
        />
      )}
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

function JobError({ error }: { error: NonNullable<Job["error"]> }) {
  return (
    <Notice kind="bad" title={error.title || error.code}>
      <p className="preserve">{error.detail}</p>
      {error.hint && <p>{error.hint}</p>}
      <p className="small soft">
        <code>{error.code}</code>
        {error.retryable ? " · worth a retry" : ""}
      </p>
    </Notice>
  );
}
