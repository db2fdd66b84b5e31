import { useQueries } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { xAt } from "@/charts/axis";
import { seriesColor, seriesText } from "@/charts/color";
import { useChartSettings } from "@/charts/group";
import { LineChart } from "@/charts/LineChart";
import { type Axis, type Clock, type Level, type Line, lastStepOf } from "@/charts/lines";
import { percentage, plural } from "@/format";
import { clockOf, clockQuery } from "@/jobs/clock";
import { meanOf } from "@/jobs/groups";
import { axisOf } from "@/jobs/lines";
import type { Series } from "@/jobs/queries";
import { Choice } from "@/uploads/Choice";
import type { Candidate } from "./candidates";

interface Props {
  candidates: readonly Candidate[];
  series: ReadonlyMap<string, readonly Series[]> | undefined;
}

type X = "epoch" | "step" | "time";

const AXES = [
  { key: "epoch", name: "epochs" },
  { key: "step", name: "steps" },
  { key: "time", name: "time" },
] as const;

const canBeEpochs = (candidates: readonly Candidate[]): boolean =>
  candidates.every(({ job }) => axisOf(job).name === "epoch");

/** Along what the curves run: epochs, unless some job does not know its own. */
const alongOf = (x: "step" | "time" | null, candidates: readonly Candidate[]): X =>
  x ?? (canBeEpochs(candidates) ? "epoch" : "step");

export function Along({ candidates }: Pick<Props, "candidates">) {
  const [{ x }, change] = useChartSettings();
  return (
    <Choice
      label="Along"
      choices={canBeEpochs(candidates) ? AXES : AXES.slice(1)}
      value={alongOf(x, candidates)}
      onChange={(key) => change({ x: key === "epoch" ? null : key, zoom: null })} // the zoom counts in the old ones
    />
  );
}

/** The best student of each job on one chart. */
export function Curves({ candidates, series }: Props) {
  const [settings] = useChartSettings();
  const x = alongOf(settings.x, candidates);
  const clocks = useClocks(candidates, x === "time");
  const lines = useMemo(
    () => candidates.flatMap((one) => lineOf(one, series?.get(one.job.id) ?? [], x, clocks)),
    [candidates, series, x, clocks],
  );
  const seeds = Math.max(1, ...candidates.map((one) => one.standing?.group.members.length ?? 1));
  const mean = seeds > 1 ? ` · mean of up to ${plural(seeds, "seed")}` : "";
  return (
    <LineChart
      title="Which of them learns best?"
      caption="validation top-1, %"
      note={`the best student of each job${mean}`}
      metric="compare/val/top1"
      lines={lines}
      levels={levelsOf(candidates)}
      axis={axisFor(candidates, x, lines)}
      write={percentage}
      unit={100}
      focus
      keyed
      height={320}
    />
  );
}

type Clocks = ReadonlyMap<string, Clock>;

/** When each job had got how far; empty until that is wanted and known. */
function useClocks(candidates: readonly Candidate[], wanted: boolean): Clocks {
  return useQueries({
    queries: candidates.map(({ job }) => ({ ...clockQuery(job), enabled: wanted })),
    combine: useCallback(
      (answers: { data: Parameters<typeof clockOf>[0] | undefined }[]) =>
        new Map(
          candidates.flatMap(({ job }, i) => {
            const events = wanted ? answers[i]?.data : undefined;
            return events ? [[job.id, clockOf(events, job)] as const] : [];
          }),
        ),
      [candidates, wanted],
    ),
  });
}

function lineOf({ job, hue, name, standing }: Candidate, series: readonly Series[], x: X, clocks: Clocks): Line[] {
  const clock = clocks.get(job.id);
  if (!standing || (x === "time" && !clock)) return [];
  const { step, value } = meanOf(series, "val/top1", standing.group.members);
  if (step.length === 0) return [];
  const each = axisOf(job).perStep;
  const place = (at: number) =>
    clock ? xAt({ name: "time", perStep: 1, end: null, clock }, at) : x === "epoch" ? at * each : at;
  const ink = { color: seriesColor(hue), text: seriesText(hue) };
  return [{ key: job.id, name, step: step.map(place), value, ...ink, kind: "solid" }];
}

/** The lines stand on the axis's own scale already: jobs have epochs and hours of different lengths. */
function axisFor(candidates: readonly Candidate[], x: X, lines: readonly Line[]): Axis {
  if (x === "time") {
    const last = Math.max(1, lastStepOf(lines) ?? 1);
    return { name: x, perStep: 1, end: null, clock: { step: [0, last], seconds: [0, last] } };
  }
  const planned = candidates.map(({ job }) => (x === "epoch" ? job.progress.total_epochs : job.progress.total_steps));
  return { name: x, perStep: 1, end: Math.max(...planned.map((one) => one ?? 0)) || null };
}

/** One level for each teacher, however many jobs learn from it. */
function levelsOf(candidates: readonly Candidate[]): Level[] {
  const taught = candidates.filter((one) => one.teacher !== null && one.job.teacher);
  const teachers = new Map(taught.map((one) => [one.job.teacher?.id, one]));
  return [...teachers.values()].map((one) => ({
    name: teachers.size > 1 ? (one.job.teacher?.name ?? "teacher") : "teacher",
    value: one.teacher as number,
    color: "var(--teacher)",
    text: "var(--teacher-text)",
  }));
}
