import { memo, useMemo } from "react";
import { LineChart } from "@/charts/LineChart";
import type { Axis } from "@/charts/lines";
import { percentage, plain } from "@/format";
import { collapsed, jobLine, linesOf, teacherLevel } from "../lines";
import type { Job, Series } from "../queries";
import { aboutOf } from "./about";

interface Props {
  name: string;
  job: Job;
  /** The curves of this name alone, and the teacher's. */
  series: readonly Series[];
  axis: Axis;
  height?: number;
}

/** As the axis counts. */
const gigabytes = (bytes: number) => String(Number((bytes / 1e9).toPrecision(3)));

/** One figure of a job over its training. New points of other figures leave it alone. */
export const MetricChart = memo(function MetricChart({ name, job, series, axis, height }: Props) {
  const about = aboutOf(name);
  const { students, result } = job;
  const lines = useMemo(
    () => collapsed([...linesOf({ students }, series, name), ...jobLine(series, name)]),
    [students, series, name],
  );
  const [shown, recorded] = useMemo(() => {
    const own = series.filter((one) => one.name === name);
    const sum = (of: (one: Series) => number) => own.reduce((all, one) => all + of(one), 0);
    return [sum((one) => one.step.length), sum((one) => one.points)];
  }, [series, name]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the level comes from the job's result alone
  const levels = useMemo(() => (name === "val/top1" ? teacherLevel(job, series) : []), [name, result, series]);
  return (
    <LineChart
      title={about.title}
      caption={about.unit}
      metric={name}
      lines={lines}
      levels={levels}
      axis={axis}
      write={about.share ? percentage : about.bytes ? gigabytes : plain}
      unit={about.share ? 100 : about.bytes ? 1e-9 : 1}
      focus={about.focus ?? false}
      fromZero={about.fromZero ?? false}
      sampled={recorded > shown ? [shown, recorded] : null}
      {...(height ? { height } : {})}
    />
  );
}, same);

function same(before: Props, now: Props): boolean {
  return (
    before.name === now.name &&
    before.axis === now.axis &&
    before.job.students === now.job.students &&
    before.job.result === now.job.result &&
    before.series.length === now.series.length &&
    before.series.every((one, i) => one === now.series[i])
  );
}
