import { seriesColor, seriesText } from "@/charts/color";
import type { Line } from "@/charts/lines";
import { type Group, groupsOf, meanOf, teacherOf } from "@/jobs/groups";
import type { Job, Series } from "@/jobs/queries";

/**
 * How much of the gap from its control to the teacher each student has closed, evaluation by evaluation: only while the
 * control is clear of the teacher, because a share of almost nothing says nothing.
 */
export function gapLines(job: Job, series: readonly Series[]): Line[] {
  const teacher = teacherOf(
    { ...job, result: { teacher: (job.result as { teacher?: unknown } | null)?.teacher } },
    series,
  );
  if (!teacher) return [];
  const clear = teacher.interval?.[0] ?? teacher.top1;
  return groupsOf(job.students).flatMap((group) => {
    if (group.controls.length === 0) return [];
    const own = meanOf(series, "val/top1", group.members);
    const control = meanOf(series, "val/top1", group.controls);
    const without = new Map(control.step.map((step, i) => [step, control.value[i] as number]));
    const points = own.step.flatMap((step, i) => {
      const below = without.get(step);
      if (below === undefined || below >= clear) return [];
      return [[step, ((own.value[i] as number) - below) / (teacher.top1 - below)] as const];
    });
    return points.length ? [{ ...lineOf(points, group.name, group.name), ...inks(group.hue) }] : [];
  });
}

const SPLIT = [
  ["val/agreement_teacher_right", "where it is right", 100],
  ["val/agreement", "on all images", 72],
  ["val/agreement_teacher_wrong", "where it is wrong", 45],
] as const;

/** How often one student says what its teacher says: where the teacher is right, everywhere, where it is wrong. */
export function agreementLines(group: Group, series: readonly Series[]): Line[] {
  return SPLIT.flatMap(([metric, name, strength]) => {
    const { step, value } = meanOf(series, metric, group.members);
    if (step.length === 0) return [];
    const color = `color-mix(in oklab, ${seriesColor(group.hue)} ${strength}%, var(--panel))`;
    return [{ key: metric, name, step, value, color, text: seriesText(group.hue), kind: "solid" }];
  });
}

const GOLDS = [
  "var(--teacher)",
  "color-mix(in oklab, var(--teacher) 58%, var(--ink))",
  "color-mix(in oklab, var(--teacher) 55%, var(--panel))",
];

/** Which share each term of one student's loss has in its gradient: the labels grey, what comes from the teacher gold. */
export function gradientLines(group: Group, series: readonly Series[]): Line[] {
  const ids = new Set(group.members.map((member) => member.id));
  const terms = [
    ...new Set(
      series
        .filter((one) => one.student !== null && ids.has(one.student) && one.name.startsWith("gradient/"))
        .map((one) => one.name),
    ),
  ].sort((a, b) => Number(b === LABELS) - Number(a === LABELS) || a.localeCompare(b));
  return terms.flatMap((metric, i) => {
    const { step, value } = meanOf(series, metric, group.members);
    if (step.length === 0) return [];
    const labels = metric === LABELS;
    return [
      {
        key: metric,
        name: labels ? "labels" : metric.slice("gradient/".length),
        step,
        value,
        color: labels ? "var(--control)" : (GOLDS[(i - Number(terms[0] === LABELS)) % GOLDS.length] as string),
        text: labels ? "var(--control-text)" : "var(--teacher-text)",
        kind: "solid",
      },
    ];
  });
}

const LABELS = "gradient/task";

function lineOf(points: readonly (readonly [number, number])[], key: string, name: string) {
  return { key, name, step: points.map(([step]) => step), value: points.map(([, value]) => value) };
}

const inks = (hue: number) => ({ color: seriesColor(hue), text: seriesText(hue), kind: "solid" as const });
