import { seriesColor, seriesText } from "@/charts/color";
import { LineChart } from "@/charts/LineChart";
import type { Axis, Level, Line } from "@/charts/lines";
import { percentage, plural } from "@/format";
import { meanOf } from "@/jobs/groups";
import { axisOf } from "@/jobs/lines";
import type { Series } from "@/jobs/queries";
import { Choice } from "@/uploads/Choice";
import type { Candidate } from "./candidates";
import type { CompareSearch } from "./search";

interface Props {
  candidates: readonly Candidate[];
  series: ReadonlyMap<string, readonly Series[]> | undefined;
  search: CompareSearch;
  onChange: (search: CompareSearch) => void;
}

const AXES = [
  { key: "epoch", name: "epochs" },
  { key: "step", name: "steps" },
] as const;

const canBeEpochs = (candidates: readonly Candidate[]): boolean =>
  candidates.every(({ job }) => axisOf(job).name === "epoch");

/** Along what the curves run; nothing to choose where some job does not know its epochs. */
export function Along({ candidates, search: { x, ...search }, onChange }: Omit<Props, "series">) {
  if (!canBeEpochs(candidates)) return null;
  return (
    <Choice
      label="Along"
      choices={AXES}
      value={x ?? "epoch"}
      onChange={(key) => onChange(key === "step" ? { ...search, x: "step" } : search)}
    />
  );
}

/** The best student of each job on one chart. */
export function Curves({ candidates, series, search }: Omit<Props, "onChange">) {
  const epochs = search.x !== "step" && canBeEpochs(candidates);
  const lines = candidates.flatMap((one) => lineOf(one, series?.get(one.job.id) ?? [], epochs));
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
      axis={axisFor(candidates, epochs)}
      write={percentage}
      unit={100}
      focus
      height={320}
    />
  );
}

function lineOf({ job, hue, name, standing }: Candidate, series: readonly Series[], epochs: boolean): Line[] {
  if (!standing) return [];
  const { step, value } = meanOf(series, "val/top1", standing.group.members);
  if (step.length === 0) return [];
  const each = epochs ? axisOf(job).perStep : 1;
  return [
    {
      key: job.id,
      name,
      step: each === 1 ? step : step.map((at) => at * each),
      value,
      color: seriesColor(hue),
      text: seriesText(hue),
      kind: "solid",
    },
  ];
}

/** Steps are epochs already where epochs are shown: jobs have epochs of different lengths. */
function axisFor(candidates: readonly Candidate[], epochs: boolean): Axis {
  const planned = candidates.map(({ job }) => (epochs ? job.progress.total_epochs : job.progress.total_steps) ?? 0);
  return { name: epochs ? "epoch" : "step", perStep: 1, end: Math.max(...planned) || null };
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
