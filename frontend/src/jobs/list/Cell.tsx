import { Link } from "@tanstack/react-router";
import { seriesColor } from "@/charts/color";
import { Sparkline } from "@/charts/Sparkline";
import { ago, duration, elapsed, moment, parameters, percent, points } from "@/format";
import { Progress } from "@/ui/Progress";
import { Status } from "@/ui/Status";
import { meanOf, teacherOf } from "../groups";
import { type Job, OVER, type Series } from "../queries";
import { type Best, Cast, left } from "../Summary";
import type { ColumnKey } from "./columns";

interface Props {
  job: Job;
  column: ColumnKey;
  best: Best | null;
  /** Its curve, once it came. */
  series: readonly Series[] | undefined;
  tabIndex: 0 | -1;
}

/** What one column says of a job. */
export function Cell({ job, column, best, series, tabIndex }: Props) {
  switch (column) {
    case "status":
      return <Status value={job.status} />;
    case "name":
      return (
        <>
          <Link
            to="/jobs/$id"
            params={{ id: job.id }}
            className="row-link"
            tabIndex={tabIndex}
            title={job.name}
            dir="auto"
          >
            {job.name}
          </Link>
          <div className="small soft clip">
            <Cast job={job} />
          </div>
        </>
      );
    case "dataset":
      return (
        <span className="clip soft" title={job.dataset?.name}>
          {job.dataset?.name ?? "–"}
        </span>
      );
    case "progress":
      return <Course job={job} />;
    case "curve":
      return <Curve job={job} best={best} series={series} />;
    case "best":
      return <b className="strong">{percent(job.top1 ?? best?.standing.top1)}</b>;
    case "gap":
      return percent(best?.standing.gapClosed, 0);
    case "agreement":
      return percent(best?.standing.agreement);
    case "below":
      return points(best?.toTeacher);
    case "size":
      return parameters(best?.standing.group.parameters);
    case "duration":
      return <span className="soft">{duration(elapsed(job.started_at, job.finished_at))}</span>;
    case "created":
      return <When time={job.created_at} />;
    case "finished":
      return <When time={job.finished_at} />;
  }
}

const When = ({ time }: { time: string | null }) => (
  <span className="soft" title={time ? moment(time) : undefined}>
    {ago(time)}
  </span>
);

/** How far it is and what is left; for what is over, how far it came. */
function Course({ job }: { job: Job }) {
  const { percent: done, epoch, total_epochs } = job.progress;
  if (job.status === "queued" && done === 0) return <span className="small soft">waits for a slot</span>;
  const remains = left(job);
  return (
    <div className="course-cell">
      <Progress percent={done} label={`${job.name}: progress`} />
      <span className="small soft clip">
        {remains !== "–"
          ? `${remains} left`
          : OVER.includes(job.status) && total_epochs
            ? `${epoch} of ${total_epochs} epochs`
            : percent(done / 100, 0)}
      </span>
    </div>
  );
}

/** The course of the best student's accuracy, below its teacher's level. */
function Curve({ job, best, series }: Pick<Props, "job" | "best" | "series">) {
  const group = best?.standing.group;
  if (!series || !group) return null;
  const curve = meanOf(series, "val/top1", group.members);
  const label = `${group.name}: validation accuracy over training, now ${percent(curve.value.at(-1))}`;
  return <Sparkline label={label} curve={curve} level={teacherOf(job)?.top1 ?? null} color={seriesColor(group.hue)} />;
}
