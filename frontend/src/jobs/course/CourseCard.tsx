import { useQuery } from "@tanstack/react-query";
import { duration } from "@/format";
import { Card } from "@/ui/Card";
import { useNow } from "@/ui/useNow";
import { isActive, type Job, runsQuery } from "../queries";
import { Spent } from "./Spent";
import { type Segment, segmentsOf, sharesOf } from "./segments";

/** Where the time went, phase by phase, and what it has cost. */
export function CourseCard({ job }: { job: Job }) {
  const runs = useQuery(runsQuery(job.id)).data?.data;
  useNow(isActive(job) ? 1_000 : null);
  const attempts = runs?.flatMap((run) => run.attempts) ?? [];
  const segments = runs ? segmentsOf(job, attempts, Date.now()) : [];
  const lost = attempts.filter((one) => one.outcome === "crashed" || one.outcome === "lost").length;
  const whole = segments.reduce((sum, one) => sum + one.to - one.from, 0) / 1000;
  return (
    <Card
      title={job.finished_at ? "Where did the time go?" : "Where does the time go?"}
      aside={runs ? `${duration(whole)} since it was asked for` : ""}
    >
      <div className="course-card">
        <div className="stack timeline-frame">
          <Timeline segments={segments} whole={whole} />
          <ul className="timeline-key small">
            {sharesOf(segments)
              .filter(isMuch)
              .map(({ name, seconds }) => (
                <li key={name} className="nowrap">
                  <span className={`swatch ${name}`} aria-hidden /> {words(name)}{" "}
                  <span className="soft">{duration(seconds)}</span>
                </li>
              ))}
            {lost > 0 && (
              <li className="bad nowrap">{lost === 1 ? "one attempt was lost" : `${lost} attempts were lost`}</li>
            )}
          </ul>
        </div>
        <Spent job={job} />
      </div>
    </Card>
  );
}

const isMuch = ({ seconds }: { seconds: number }) => seconds >= 0.5;
const words = (name: string) => name.replaceAll("_", " ");

function Timeline({ segments, whole }: { segments: readonly Segment[]; whole: number }) {
  return (
    <ol className="timeline" aria-label="Phases in their order">
      {segments.map(({ name, message, from, to, attempt }) => {
        const seconds = (to - from) / 1000;
        const told = `${words(name)}${message ? `, ${message}` : ""}: ${duration(seconds)}`;
        return (
          <li
            key={`${from} ${name}`}
            className={name}
            title={attempt > 1 ? `${told} (attempt ${attempt})` : told}
            style={{ flexGrow: Math.max(1, (1000 * seconds) / (whole || 1)) }}
          >
            <span className="unseen">{told}</span>
          </li>
        );
      })}
    </ol>
  );
}
