import { bytes, count, duration, elapsed, parameters, percent, plusMinus, points } from "@/format";
import { metricsOf } from "@/jobs/groups";
import { milliseconds } from "@/students/columns";
import type { Student } from "@/students/queries";
import { bestEpoch, type Candidate } from "./candidates";

interface CellText {
  text: string;
  aside?: string;
}

/** One row: what each job has, and which has the best of it. */
export interface Figure {
  name: string;
  note?: string;
  cells: readonly (CellText | null)[];
  /** The one that leads, where that can be said. */
  best: number | null;
}

type Value = number | null | undefined;

/** What came out of each job: of its best student, and of what it took. */
export function figuresOf(
  all: readonly Candidate[],
  students: ReadonlyMap<string, readonly Student[]>,
  bestOnVal: boolean,
): Figure[] {
  const comparable = new Set(all.map(({ job }) => job.dataset?.id)).size === 1;
  const accuracy = all.map((one) =>
    one.standing === null ? null : bestOnVal ? bestEpoch(one.standing.group) : one.standing.top1,
  );
  const first = all.map(({ job, standing }) =>
    students.get(job.id)?.find((student) => student.id === standing?.group.members[0]?.id),
  );
  const on = new Set(all.map((one) => one.on));
  const part = bestOnVal || !on.has("test") ? "on validation" : on.size === 1 ? "on test" : "on test or validation";
  const rows: Figure[] = [
    figure("accuracy", accuracy, percent, {
      prefer: comparable ? "high" : null,
      note: part,
      aside: (i) => (bestOnVal ? "" : plusMinus(all[i]?.standing?.top1, all[i]?.standing?.interval)),
    }),
    figure(
      "over its control",
      all.map((one) => one.standing?.difference),
      points,
      { aside: (i) => between(all[i]) },
    ),
    figure(
      "to its teacher",
      all.map((one, i) => beside(accuracy[i], one.teacher)),
      points,
      {},
    ),
    figure(
      "gap closed",
      all.map((one) => one.standing?.gapClosed),
      (value) => percent(value, 0),
      {},
    ),
    figure(
      "agrees with its teacher",
      all.map((one) => one.standing?.agreement),
      percent,
      {},
    ),
    figure(
      "parameters",
      all.map((one) => one.standing?.group.parameters),
      parameters,
      { prefer: "low" },
    ),
    figure(
      "weights",
      first.map((student) => student?.bytes),
      bytes,
      { prefer: "low" },
    ),
    figure(
      "one image",
      first.map((student) => student && metricsOf(student).latency_ms),
      milliseconds,
      {
        prefer: "low",
        note: "on the processor",
      },
    ),
    figure(
      "took",
      all.map(({ job }) => elapsed(job.started_at, job.finished_at)),
      duration,
      {},
    ),
    figure(
      "attempts",
      all.map(({ job }) => job.spent.attempts || null),
      count,
      {},
    ),
    figure(
      "time in a slot",
      all.map(({ job }) => job.spent.slot_seconds || null),
      duration,
      {},
    ),
    figure(
      "time on GPUs",
      all.map(({ job }) => job.spent.gpu_seconds || null),
      duration,
      {},
    ),
    figure(
      "images shown to the teacher",
      all.map(({ job }) => job.spent.teacher_forwards || null),
      count,
      {},
    ),
  ];
  return rows.filter((row) => row.cells.some((cell) => cell !== null));
}

interface Options {
  prefer?: "high" | "low" | null;
  note?: string;
  aside?: (i: number) => string;
}

function figure(
  name: string,
  values: readonly Value[],
  write: (value: Value) => string,
  { prefer = null, note, aside }: Options,
): Figure {
  const cells = values.map((value, i) =>
    value == null ? null : { text: write(value), ...(aside?.(i) ? { aside: aside(i) } : {}) },
  );
  return { name, ...(note ? { note } : {}), cells, best: prefer === null ? null : bestOf(values, prefer) };
}

/** The place of the best value; null where two share it, or there is nothing to beat. */
function bestOf(values: readonly Value[], prefer: "high" | "low"): number | null {
  const known = values.flatMap((value, i) => (value == null ? [] : [{ value, i }]));
  if (known.length < 2) return null;
  const sorted = known.sort((a, b) => (prefer === "high" ? b.value - a.value : a.value - b.value));
  const [best, next] = sorted;
  return best && next && best.value !== next.value ? best.i : null;
}

const beside = (top1: Value, teacher: number | null): number | null =>
  top1 == null || teacher === null ? null : top1 - teacher;

function between(one: Candidate | undefined): string {
  const interval = one?.standing?.differenceInterval;
  return interval ? `${points(interval[0])} to ${points(interval[1])}` : "";
}
