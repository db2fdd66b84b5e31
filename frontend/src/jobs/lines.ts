import { controlColor, seriesColor, seriesText } from "@/charts/color";
import type { Axis, Level, Line } from "@/charts/lines";
import { type Group, groupsOf, meanOf, resultOf, teacherOf } from "./groups";
import type { Job, JobStudent, Series } from "./queries";

/** Epochs where the job knows how many steps they have. */
export function axisOf(job: Job): Axis {
  const { total_steps, total_epochs } = job.progress;
  if (!total_steps || !total_epochs) return { name: "step", perStep: 1, end: null };
  return { name: "epoch", perStep: total_epochs / total_steps, end: total_steps };
}

/** One metric's curves: each student's mean over its seeds with the seeds behind it, its control dotted. */
export function linesOf(job: Pick<Job, "students">, series: readonly Series[], name: string): Line[] {
  const drawn = new Set<string>();
  return groupsOf(job.students).flatMap((group) => [
    ...seeds(group, series, name),
    ...averaged(group, "student", series, name),
    ...averaged(group, "control", series, name).filter((line) => !drawn.has(line.key) && drawn.add(line.key)),
  ]);
}

function seeds(group: Group, series: readonly Series[], name: string): Line[] {
  if (group.members.length < 2) return [];
  return group.members.flatMap((member) => {
    const own = series.find((one) => one.student === member.id && one.name === name);
    if (!own) return [];
    const { step, value } = own;
    const parent = studentKey(group.name);
    return [{ key: member.id, name: member.label, step, value, ...inks(group.hue), kind: "thin", parent }];
  });
}

function averaged(group: Group, role: JobStudent["role"], series: readonly Series[], name: string): Line[] {
  const students = role === "student" ? group.members : group.controls;
  const curve = students.length ? meanOf(series, name, students) : { step: [], value: [] };
  if (curve.step.length === 0) return [];
  if (role === "student") {
    return [{ key: studentKey(group.name), name: group.name, ...curve, ...inks(group.hue), kind: "solid" }];
  }
  const own = students[0]?.name ?? "control";
  return [{ key: controlKey(own), name: own, ...curve, ...greys(group.hue), kind: "dotted" }];
}

const studentKey = (name: string) => `student ${name}`;
const controlKey = (name: string) => `control ${name}`;

/** The job's students and controls as they are drawn in every chart, without points: what a toolbar names. */
export function castOf(students: readonly JobStudent[]): Line[] {
  const empty = { step: [], value: [] };
  const drawn = new Set<string>();
  return groupsOf(students).flatMap((group): Line[] => {
    const own = group.controls[0]?.name;
    const student: Line = {
      key: studentKey(group.name),
      name: group.name,
      ...empty,
      ...inks(group.hue),
      kind: "solid",
    };
    if (!own || drawn.has(own)) return [student];
    drawn.add(own);
    return [student, { key: controlKey(own), name: own, ...empty, ...greys(group.hue), kind: "dotted" }];
  });
}

const greys = (hue: number) => ({ color: controlColor(hue), text: "var(--control-text)" });
const inks = (hue: number) => ({ color: seriesColor(hue), text: seriesText(hue) });

/** One line for all where they are the same, as learning rates often are. */
export function collapsed(lines: readonly Line[]): readonly Line[] {
  const [first, ...others] = lines;
  if (!first || others.length === 0) return lines;
  const same = others.every(
    ({ value }) =>
      value.length === first.value.length &&
      value.every((one, i) => Math.abs(one - (first.value[i] as number)) <= 1e-9 * Math.abs(one)),
  );
  return same
    ? [{ ...first, key: "all", name: "all", color: "var(--accent)", text: "var(--accent)", kind: "solid" }]
    : lines;
}

/** What belongs to no student (the job's own speed), as a line of its own. */
export function jobLine(series: readonly Series[], name: string): Line[] {
  const own = series.find((one) => one.student === null && one.name === name);
  if (!own) return [];
  return [
    {
      key: name,
      name: "job",
      step: own.step,
      value: own.value,
      low: own.min,
      high: own.max,
      color: "var(--accent)",
      text: "var(--accent)",
      kind: "solid",
    },
  ];
}

/** The teacher's level on the validation split: gold and dashed. */
export function teacherLevel(job: Job, series: readonly Series[]): Level[] {
  const value = resultOf(job).teacher?.top1 ?? teacherOf(job, series)?.top1;
  return value == null ? [] : [{ name: "teacher", value, color: "var(--teacher)", text: "var(--teacher-text)" }];
}
