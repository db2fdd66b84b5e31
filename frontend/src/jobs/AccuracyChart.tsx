import { LineChart } from "@/charts/LineChart";
import { percentage, plural } from "@/format";
import { useAxis } from "./axis";
import { linesOf, teacherLevel } from "./lines";
import { type Job, OVER, type Series } from "./queries";

interface Props {
  job: Job;
  series: readonly Series[];
  height: number;
  /** Whether students can be hidden beneath it. */
  keyed?: boolean;
  /** The steps of kept checkpoints. */
  kept?: readonly number[];
}

/** Every student's way to its teacher, beside its control. Nothing for a job that ended before its first point. */
export function AccuracyChart({ job, series, height, keyed = false, kept }: Props) {
  const axis = useAxis(job);
  const lines = linesOf(job, series, "val/top1");
  if (lines.length === 0 && OVER.includes(job.status)) return null;
  const notes = [
    job.students.some((one) => one.role === "control") ? "dotted: the same network without a teacher" : "",
    kept ? `upright: ${plural(kept.length, "kept checkpoint")}` : "",
  ];
  return (
    <LineChart
      title={job.teacher ? "Does it get as good as its teacher?" : "How good does it get?"}
      caption="validation top-1, %"
      note={notes.filter(Boolean).join(" · ")}
      metric="val/top1"
      lines={lines}
      levels={teacherLevel(job, series)}
      {...(kept ? { uprights: kept } : {})}
      axis={axis}
      write={percentage}
      unit={100}
      focus
      height={height}
      keyed={keyed}
    />
  );
}
