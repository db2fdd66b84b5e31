import { Link } from "@tanstack/react-router";
import { duration, percent, plural, short } from "@/format";
import { groupsOf, leader, type Standing, standingsOf, teacherOf } from "./groups";
import type { Job, Series } from "./queries";

/** A job's name, and below it what learns from whom. */
export function JobName({ job }: { job: Job }) {
  return (
    <div className="name">
      <Link to="/jobs/$id" params={{ id: job.id }} className="title wrap">
        {job.name}
      </Link>
      <div className="small soft wrap">
        <Cast job={job} />
      </div>
    </div>
  );
}

/** "resnet20 → resnet8, resnet14 · 3 seeds" */
export function Cast({ job }: { job: Job }) {
  const groups = groupsOf(job.students);
  const counts = [...new Set(groups.map((group) => group.members.length))];
  const each = counts.length === 1 ? (counts[0] ?? 1) : null; // null: some have more seeds than others
  const names = [...new Set(groups.map((group) => short(group.architecture)))];
  const one = names.length === 1 && groups.length > 1;
  const students = one
    ? `${groups.length} × ${names[0]}`
    : names.length <= 3
      ? names.join(", ")
      : plural(groups.length, "student");
  return (
    <>
      {job.teacher ? (
        <>
          <span className="teacher">
            {short(job.teacher.architecture) === "–" ? job.teacher.name : short(job.teacher.architecture)}
          </span>{" "}
          →{" "}
        </>
      ) : (
        "labels → "
      )}
      {students}
      {each === null &&
        ` · ${plural(
          groups.reduce((sum, group) => sum + group.members.length, 0),
          "start",
        )}`}
      {each !== null && each > 1 && ` · ${plural(each, "seed")}`}
    </>
  );
}

export const left = (job: Job): string =>
  job.status === "running" && job.progress.eta_seconds != null ? duration(job.progress.eta_seconds) : "–";

export interface Best {
  standing: Standing;
  toTeacher: number | null;
}

/** The best student of a job, and how it stands to the teacher. */
export function bestOf(job: Job, series: readonly Series[] = []): Best | null {
  const standing = leader(standingsOf(job, series));
  if (standing?.top1 == null) return null;
  const teacher = teacherOf(job, series);
  return { standing, toTeacher: teacher ? standing.top1 - teacher.top1 : null };
}

export const bestTop1 = (job: Job): string => percent(job.top1 ?? bestOf(job)?.standing.top1);
export const bestGap = (job: Job): string => percent(bestOf(job)?.standing.gapClosed, 0);
