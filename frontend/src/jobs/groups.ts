import { mean } from "@/charts/align";
import type { Job, JobStudent, Series } from "./queries";

export type Interval = [number, number];

/** On one split. */
interface Measured {
  top1: number;
  top1_interval: Interval;
  top5: number;
  agreement: number | null;
  agreement_teacher_wrong?: number | null;
  ece?: number;
}

/** What a student's `metrics` hold; all absent before its first evaluation. */
export interface StudentMetrics {
  top1?: number;
  top1_interval?: Interval;
  top5?: number;
  agreement?: number | null;
  agreement_teacher_wrong?: number | null;
  ece?: number;
  best?: { top1: number; step: number; epoch: number };
  test?: Measured | null;
  control_difference?: { value: number; interval: Interval } | null;
  gap_closed?: number | null;
  gap_closed_reason?: string | null;
  evaluated_on?: "test" | "val";
  /** One image on the processor of the machine that trained it. */
  latency_ms?: number | null;
}

/** What a job's `result` holds: the teacher from the start, the rest when it is over. */
export interface Result {
  teacher?: {
    architecture?: string;
    parameters?: number;
    top1: number;
    top1_interval?: Interval;
    test?: { top1: number; top1_interval?: Interval } | null;
  } | null;
  evaluated_on?: "test" | "val";
  groups?: {
    name: string;
    role: "student" | "control";
    seeds: number;
    top1: number;
    top1_interval: Interval;
    agreement: number | null;
    control: { top1: number; top1_interval: Interval } | null;
    difference: { value: number; interval: Interval } | null;
    gap_closed: number | null;
    gap_closed_reason: string | null;
  }[];
  verdict?: { text: string; helped: boolean | null };
}

export const metricsOf = (student: { metrics: Record<string, unknown> }) => student.metrics as StudentMetrics;
/** On the split of the headline: test where there is one, else val. */
export const judgedOn = (metrics: StudentMetrics): Partial<Measured> => metrics.test ?? metrics;
export const resultOf = (job: Job) => (job.result ?? {}) as Result;

/** A student over its seeds, with the controls of the same network and seeds. `hue` is its colour on every page. */
export interface Group {
  name: string;
  hue: number;
  architecture: string;
  parameters: number | null;
  loss: string;
  members: JobStudent[];
  controls: JobStudent[];
}

export function groupsOf(students: readonly JobStudent[]): Group[] {
  const groups = new Map<string, Group>();
  for (const student of students) {
    if (student.role !== "student") continue;
    const { name, architecture, parameters, loss } = student;
    const group = groups.get(name);
    if (group) group.members.push(student);
    else {
      groups.set(name, { name, hue: groups.size, architecture, parameters, loss, members: [student], controls: [] });
    }
  }
  const controls = students.filter((student) => student.role === "control");
  for (const group of groups.values()) {
    // Students that differ only in their loss share their controls.
    const twins = new Set(group.members.map((member) => member.twin));
    group.controls = controls.filter((control) => twins.has(control.twin));
  }
  return [...groups.values()];
}

/** How a group stands: as measured at the end, or so far. Accuracies are shares. */
export interface Standing {
  group: Group;
  top1: number | null;
  interval: Interval | null;
  control: number | null;
  difference: number | null;
  differenceInterval: Interval | null;
  gapClosed: number | null;
  gapReason: string | null;
  agreement: number | null;
  /** Each member's own top-1, in the order of the members. */
  seeds: (number | null)[];
  final: boolean;
}

/** Over two values there is an interval, but one so wide that it says nothing: the values say more. */
const telling = (interval: Interval | null | undefined, values: number): Interval | null =>
  values === 2 ? null : (interval ?? null);

/** How many of its students came through beside a control of their own: a difference is taken over these. */
function pairsOf({ members, controls }: Group): number {
  const came = (student: JobStudent) => student.status !== "failed";
  const twins = new Set(controls.filter(came).map((control) => control.twin));
  return members.filter((member) => came(member) && twins.has(member.twin)).length;
}

const average = (values: readonly (number | null | undefined)[]): number | null => {
  const known = values.filter((value): value is number => value != null);
  return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
};

/** The mean curve of some students; empty while one of them has no point. */
export function meanOf(series: readonly Series[], name: string, students: readonly JobStudent[]) {
  const alive = students.filter((student) => student.status !== "failed");
  const own = alive.flatMap((student) => series.find((one) => one.student === student.id && one.name === name) ?? []);
  return own.length === alive.length ? mean(own) : { step: [], value: [] };
}

export interface TeacherStanding {
  top1: number;
  interval: Interval | null;
  parameters: number | null;
}

/** What the teacher reaches on the split that students are measured on: val while training, then what `result` says. */
export function teacherOf(job: Job, series: readonly Series[] = []): TeacherStanding | null {
  const { teacher, evaluated_on, groups } = resultOf(job);
  if (!teacher) {
    const measured = series.find((one) => one.student === null && one.name === "teacher/top1")?.value.at(-1);
    return measured === undefined ? null : { top1: measured, interval: null, parameters: null };
  }
  const on = groups && evaluated_on === "test" && teacher.test ? teacher.test : teacher;
  return { top1: on.top1, interval: on.top1_interval ?? null, parameters: teacher.parameters ?? null };
}

/** From the result when there is one, else from the last points of the curves, else from what students last saved. */
export function standingsOf(job: Job, series: readonly Series[] = []): Standing[] {
  const final = new Map(resultOf(job).groups?.map((group) => [`${group.role} ${group.name}`, group]));
  const teacher = teacherOf(job, series);
  return groupsOf(job.students).map((group) => {
    const told = final.get(`student ${group.name}`);
    if (told) {
      return {
        group,
        top1: told.top1,
        interval: telling(told.top1_interval, told.seeds),
        control: told.control?.top1 ?? null,
        difference: told.difference?.value ?? null,
        differenceInterval: telling(told.difference?.interval, pairsOf(group)),
        gapClosed: told.gap_closed,
        gapReason: told.gap_closed_reason,
        agreement: told.agreement,
        seeds: group.members.map((member) => metricsOf(member).test?.top1 ?? metricsOf(member).top1 ?? null),
        final: true,
      };
    }
    const now = (
      students: readonly JobStudent[],
      name: string,
      saved: (m: StudentMetrics) => number | null | undefined,
    ) =>
      meanOf(series, name, students).value.at(-1) ??
      average(students.filter((one) => one.status !== "failed").map((student) => saved(metricsOf(student))));
    const top1 = now(group.members, "val/top1", (m) => m.top1);
    const control = now(group.controls, "val/top1", (m) => m.top1);
    const difference = top1 !== null && control !== null ? top1 - control : null;
    return {
      group,
      top1,
      interval: null,
      control,
      difference,
      differenceInterval: null,
      gapClosed: gapSoFar(top1, control, teacher),
      gapReason: null,
      agreement: now(group.members, "val/agreement", (m) => m.agreement),
      seeds: group.members.map((member) => now([member], "val/top1", (m) => m.top1)),
      final: false,
    };
  });
}

/** Only where the teacher stands clear of the control: a share of almost nothing says nothing. */
function gapSoFar(top1: number | null, control: number | null, teacher: TeacherStanding | null): number | null {
  if (top1 === null || control === null || teacher?.interval == null || control >= teacher.interval[0]) return null;
  return (top1 - control) / (teacher.top1 - control);
}

/** The group that leads. */
export function leader(standings: readonly Standing[]): Standing | null {
  return standings.reduce<Standing | null>(
    (best, one) => (one.top1 !== null && (best?.top1 == null || one.top1 > best.top1) ? one : best),
    null,
  );
}
