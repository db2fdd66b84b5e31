import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { seriesColor, seriesText } from "@/charts/color";
import { Closer } from "@/distillation/Closer";
import { chosenOf, isTaught } from "@/distillation/chosen";
import { Learning } from "@/distillation/Learning";
import { Picker } from "@/distillation/Picker";
import { VerdictCard } from "@/distillation/VerdictCard";
import { Answer } from "@/ui/Answer";
import { AccuracyChart } from "./AccuracyChart";
import { standingsOf, teacherOf } from "./groups";
import { useJob } from "./JobPage";
import { type Job, metricsQuery, type Series } from "./queries";
import { StudentCard } from "./StudentCard";

/** Whether distillation helped, where a student is still worse than its teacher, and which one to ship. */
export function JobDistillation() {
  const job = useJob();
  const query = useQuery(metricsQuery(job.id));
  return (
    <Answer query={query} label="the curves" heights={[92, 140, 340]}>
      {({ series }) => <Loaded job={job} series={series} />}
    </Answer>
  );
}

function Loaded({ job, series }: { job: Job; series: readonly Series[] }) {
  const { student } = useSearch({ from: "/shell/jobs/$id/distillation" });
  const standings = standingsOf(job, series);
  const teacher = teacherOf(job, series);
  const chosen = chosenOf(standings, student);
  const measured = standings.some((one) => one.top1 !== null);
  return (
    <>
      {!isTaught(job) && (
        <div className="card">
          <p className="soft">
            Nothing is distilled here: this job has no teacher, its students learn from the labels alone.
          </p>
        </div>
      )}
      <VerdictCard job={job} standings={standings} teacher={teacher} />
      {measured && (
        <div className="grid">
          {standings.map((standing) => (
            <StudentCard key={standing.group.name} standing={standing} teacher={teacher?.top1 ?? null} />
          ))}
        </div>
      )}
      {chosen && (
        <div className="stack distilled" style={ink(chosen.group.hue)}>
          <Picker groups={standings.map((one) => one.group)} chosen={chosen} />
          <Closer job={job} chosen={chosen}>
            <AccuracyChart job={job} series={series} height={360} />
          </Closer>
          <Learning job={job} series={series} group={chosen.group} />
        </div>
      )}
    </>
  );
}

/** The chosen student's colour, for everything that shows it alone. */
const ink = (hue: number) => ({ "--student": seriesColor(hue), "--student-text": seriesText(hue) }) as object;
