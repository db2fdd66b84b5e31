import { percentage, times } from "@/format";
import { type Group, groupsOf, type Interval, judgedOn, metricsOf } from "@/jobs/groups";
import type { JobStudent } from "@/jobs/queries";
import type { Student } from "@/students/queries";

/** What a student costs, and what it is worth. */
export type Across = "parameters" | "bytes" | "latency";
export type Up = "top1" | "gap" | "agreement";

/** One candidate over its seeds. Shares from 0 to 1, latency in milliseconds; null is what nobody measured. */
export interface Point {
  /** The first seed's id. */
  id: string;
  name: string;
  architecture: string;
  job: string;
  jobName: string;
  /** The ids of all seeds. */
  seeds: string[];
  /** Whether it learned from a teacher at all. */
  taught: boolean;
  costs: Record<Across, number | null>;
  worth: Record<Up, number | null>;
  /** The same of the same network without a teacher. */
  control: Record<Up, number | null> | null;
  difference: { value: number; interval: Interval } | null;
}

/** A teacher in the same measures. */
export interface TeacherPoint {
  id: string;
  name: string;
  /** The student that it was made from, where it was. */
  student: string | null;
  top1: number;
  costs: Record<Across, number | null>;
}

const average = (values: readonly (number | null | undefined)[]): number | null => {
  const known = values.filter((value): value is number => value != null);
  return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
};

const headline = (student: Student) => judgedOn(metricsOf(student)).top1 ?? null;
const agreement = (student: Student) => judgedOn(metricsOf(student)).agreement ?? null;

/** Trained students and controls of any jobs, as candidates: the newest job first. */
export function pointsOf(students: readonly Student[]): Point[] {
  const byId = new Map(students.map((one) => [one.id, one]));
  const jobs = new Map<string, Student[]>();
  for (const one of students) jobs.set(one.job, [...(jobs.get(one.job) ?? []), one]);
  return [...jobs.values()].flatMap((members) => {
    const plain = members.map((one) => ({ ...one, loss: String(one.loss.kind) })) as unknown as JobStudent[];
    plain.sort((a, b) => (a.id < b.id ? -1 : 1));
    return groupsOf(plain).flatMap((group) => pointOf(group, byId) ?? []);
  });
}

function pointOf(group: Group, byId: ReadonlyMap<string, Student>): Point | null {
  const all = (ids: readonly JobStudent[]) => ids.flatMap((one) => byId.get(one.id) ?? []);
  const members = all(group.members);
  const controls = all(group.controls);
  const [first] = members;
  const top1 = average(members.map(headline));
  if (!first || top1 === null) return null;
  const { control_difference } = metricsOf(first);
  return {
    id: first.id,
    name: group.name,
    architecture: group.architecture,
    job: first.job,
    jobName: first.job_name,
    seeds: members.map((one) => one.id),
    taught: first.teacher !== null && group.loss !== "task",
    costs: {
      parameters: group.parameters,
      bytes: average(members.map((one) => one.bytes)),
      latency: average(members.map((one) => metricsOf(one).latency_ms)),
    },
    worth: {
      top1,
      gap: average(members.map((one) => metricsOf(one).gap_closed)),
      agreement: average(members.map(agreement)),
    },
    control: controls.length
      ? { top1: average(controls.map(headline)), gap: 0, agreement: average(controls.map(agreement)) }
      : null,
    difference: members.length === 1 ? (control_difference ?? null) : null,
  };
}

/** How far a student is above its control; null where it has none. */
export const gainOf = ({ worth, control, difference }: Point): number | null =>
  difference?.value ?? (control?.top1 != null && worth.top1 !== null ? worth.top1 - control.top1 : null);

/** Whether its own control would do as well, in a sentence; null where distillation made the difference. */
export function insteadOf(point: Point): string | null {
  const gain = gainOf(point);
  if (gain === null) return null;
  const [low, high] = point.difference?.interval ?? [];
  if (high !== undefined && high < 0 && gain <= -LEVEL) {
    return `Its control without distillation is ${percentage(-gain)} points better: distillation harmed it.`;
  }
  if (gain < LEVEL) return "Its control without distillation is as good: distillation did not help here.";
  if (low === undefined || low > 0) return null;
  return `It is ${percentage(gain)} points above its control without distillation, not beyond the noise.`;
}

/** What a teacher comes from: no candidate for taking its place. */
export interface Origin {
  /** It is the teacher. */
  self: Point;
  /** Trained in its job without a teacher, as it may have been: candidates for being the teacher, not its students. */
  beside: Point[];
}

/** Null where it was not made from one of these students. */
export function originOf(points: readonly Point[], teacher: TeacherPoint | null): Origin | null {
  const self = teacher?.student && points.find((one) => one.seeds.includes(teacher.student as string));
  if (!self) return null;
  return { self, beside: points.filter((one) => one !== self && one.job === self.job && !one.taught) };
}

/** What a student is to the teacher, where it is no candidate. */
export function roleIn(origin: Origin | null, point: Point): string | null {
  if (origin?.self === point) return "made the teacher";
  return origin?.beside.includes(point) ? "trained beside the teacher" : null;
}

/** Why some are no candidates, in a sentence. */
export function leftOut({ self, beside: [one, ...others] }: Origin): string {
  const rest =
    one && `, and ${others.length ? `${others.length + 1} others` : one.name}, trained beside it without a teacher`;
  return `Left out: ${self.name}, which the teacher was made from${rest ?? ""}.`;
}

/** Those that can be drawn: both measures are known. */
export const drawable = (points: readonly Point[], x: Across, y: Up): Point[] =>
  points.filter((one) => (one.costs[x] ?? 0) > 0 && one.worth[y] !== null);

/** The ids of those that nothing is both cheaper and better than (Pareto): for each cost, the best there is. */
export function frontOf(points: readonly Point[], x: Across, y: Up): Set<string> {
  const cost = (one: Point) => one.costs[x] as number;
  const worth = (one: Point) => one.worth[y] as number;
  const sorted = drawable(points, x, y).sort((a, b) => cost(a) - cost(b) || worth(b) - worth(a));
  let best = Number.NEGATIVE_INFINITY;
  const front = new Set<string>();
  for (const one of sorted) {
    if (worth(one) <= best) continue;
    best = worth(one);
    front.add(one.id);
  }
  return front;
}

const NEAR = 0.01;
const LEVEL = 0.0005; // less is 0.0 points
const MEASURE: Record<Across, { least: string; unit: string }> = {
  parameters: { least: "Smallest", unit: "smaller" },
  bytes: { least: "Smallest file", unit: "smaller" },
  latency: { least: "Fastest", unit: "faster" },
};

export interface Advice {
  /** "Smallest within 1 point of the teacher" */
  lead: string;
  point: Point;
  /** "0.8 points below, 3.1 times smaller" */
  detail: string;
}

/** Which one to ship: the cheapest that is about as good as the teacher, else the one that comes nearest. */
export function adviceOf(points: readonly Point[], teacher: TeacherPoint | null, x: Across): Advice | null {
  const known = drawable(points, x, "top1");
  const top1 = (one: Point) => one.worth.top1 as number;
  const best = known.reduce<Point | null>((a, b) => (a && top1(a) >= top1(b) ? a : b), null);
  if (!best) return null;
  const level = teacher?.top1 ?? top1(best);
  const near = known.filter((one) => level - top1(one) <= NEAR);
  const cheapest = near.reduce<Point | null>(
    (a, b) => (a && (a.costs[x] as number) <= (b.costs[x] as number) ? a : b),
    null,
  );
  const whom = teacher ? "the teacher" : "the best";
  if (cheapest) {
    const lead = `${MEASURE[x].least} within 1 point of ${whom}`;
    return { lead, point: cheapest, detail: [apart(level - top1(cheapest)), ratio(cheapest, teacher, x)].join("") };
  }
  const lead = "None comes within 1 point of the teacher yet; the nearest";
  return { lead, point: best, detail: [apart(level - top1(best)), ratio(best, teacher, x)].join("") };
}

function apart(below: number): string {
  if (Math.abs(below) < LEVEL) return "level with it";
  return `${percentage(Math.abs(below))} points ${below > 0 ? "below" : "above"} it`;
}

function ratio(one: Point, teacher: TeacherPoint | null, x: Across): string {
  const [own, its] = [one.costs[x], teacher?.costs[x]];
  if (!own || !its || its < 1.05 * own) return "";
  return `, ${times(its / own)} times ${MEASURE[x].unit}`;
}
