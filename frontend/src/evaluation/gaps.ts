import type { Confused, Disagreement, Evaluation } from "./queries";

/** One class, as all that are compared see it; accuracies are shares. */
export interface Gap {
  index: number;
  name: string;
  count: number;
  student: number;
  /** The confidence interval of the student's. */
  interval: readonly number[] | null;
  teacher: number | null;
  control: number | null;
  /** The student's minus the teacher's: below 0 the student is behind. */
  difference: number | null;
}

/** Every class that has images. `control` is the evaluation of the same network without a teacher, of the same split. */
export function gapsOf(evaluation: Evaluation, control?: Evaluation): Gap[] {
  const without = new Map(control?.classes.map((one) => [one.index, one.top1]));
  return evaluation.classes.flatMap((one) =>
    one.top1 == null
      ? []
      : [
          {
            index: one.index,
            name: one.name,
            count: one.count,
            student: one.top1,
            interval: one.top1_interval,
            teacher: one.teacher_top1,
            control: without.get(one.index) ?? null,
            difference: one.teacher_top1 == null ? null : one.top1 - one.teacher_top1,
          },
        ],
  );
}

export type Order = "behind" | "ahead" | "hardest";

const EVEN = 1e-9; // shares of the same images: what is nearer is equal but for the last bit

/** The classes that an order shows, in this order: the largest gap first, of equal ones the harder class. */
export function ordered(gaps: readonly Gap[], order: Order): Gap[] {
  if (order === "hardest") return [...gaps].sort((a, b) => a.student - b.student || a.index - b.index);
  const sign = order === "behind" ? 1 : -1;
  const far = (one: Gap) => sign * (one.difference ?? 0);
  return gaps
    .filter((one) => far(one) < -EVEN)
    .sort((a, b) => {
      const apart = far(a) - far(b);
      return Math.abs(apart) > EVEN ? apart : a.student - b.student || a.index - b.index;
    });
}

export const found = (gaps: readonly Gap[], text: string): Gap[] => {
  const wanted = text.trim().toLocaleLowerCase();
  return wanted ? gaps.filter((one) => one.name.toLocaleLowerCase().includes(wanted)) : [...gaps];
};

/** In how many classes the student is behind its teacher, level with it, ahead of it. */
export function tally(gaps: readonly Gap[]): { behind: number; level: number; ahead: number } {
  const behind = ordered(gaps, "behind").length;
  const ahead = ordered(gaps, "ahead").length;
  return { behind, ahead, level: gaps.length - behind - ahead };
}

/** From where to where one shared axis goes, in shares at tens of percent: it always ends at 100 %. */
export function axisOf(gaps: readonly Gap[]): [number, number] {
  const least = Math.min(1, ...gaps.flatMap((one) => [one.student, one.teacher ?? 1, one.control ?? 1]));
  return [Math.max(0, Math.min(0.8, Math.floor(least * 10) / 10)), 1];
}

/** The pairs of classes that the student confuses more often than its teacher, the largest difference first. */
export function moreOften(confusions: readonly Confused[]): (Confused & { more: number })[] {
  return confusions
    .map((one) => ({ ...one, more: one.count - (one.teacher ?? 0) }))
    .filter((one) => one.more > 0)
    .sort((a, b) => b.more - a.more || b.count - a.count || a.label - b.label || a.predicted - b.predicted);
}

/** Who is right where student and teacher differ. */
export type Kind = "teacher" | "student" | "neither";

export const kindOf = (one: Disagreement): Kind =>
  one.teacher === one.label ? "teacher" : one.student === one.label ? "student" : "neither";

/** How many images of each kind there are, which the shares tell; null without a teacher. */
export function countsOf(evaluation: Evaluation): Record<Kind, number> | null {
  const { count, student, teacher, agreement, agreement_teacher_right } = evaluation;
  if (!teacher || agreement == null) return null;
  const known = teacher.top1 * count; // images that the teacher gets right
  const shared = known * (agreement_teacher_right ?? 0);
  const lost = Math.round(known - shared);
  const won = Math.round(student.top1 * count - shared);
  return { teacher: lost, student: won, neither: Math.max(0, Math.round(count * (1 - agreement)) - lost - won) };
}
