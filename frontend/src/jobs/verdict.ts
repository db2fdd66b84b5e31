import { parameters, percent, percentage, spaced, times } from "@/format";
import { leader, resultOf, type Standing, type TeacherStanding } from "./groups";
import type { Job } from "./queries";

export interface Verdict {
  kicker: string;
  text: string;
  detail: string | null;
  helped: boolean | null;
}

/** What came out, or how it stands: one sentence that can also say that distillation did not help. */
export function verdictOf(job: Job, standings: readonly Standing[], teacher: TeacherStanding | null): Verdict | null {
  const { verdict, evaluated_on } = resultOf(job);
  if (verdict) {
    const kicker = `Result on the ${evaluated_on === "test" ? "test" : "validation"} split`;
    const [, text, detail] = /^(.+?\.)\s+(?=[A-Z])(.+)$/s.exec(verdict.text) ?? [];
    return {
      kicker,
      text: spaced(text ?? verdict.text),
      detail: detail ? spaced(detail) : null,
      helped: verdict.helped,
    };
  }
  const best = leader(standings);
  if (best?.top1 == null) return null;
  const kicker =
    job.status === "running" || job.status === "pausing" ? "So far, on validation" : "How far it came, on validation";
  const lead = `${best.group.name} ${standings.length > 1 ? "leads:" : "is at"} ${percent(best.top1)}`;
  return { kicker, text: `${lead}${beside(best, teacher)}.`, detail: gains(standings), helped: null };
}

/** The service's verdict in a few words, for a line about other things; null where there was nothing to compare. */
export function helpedOf(job: Job): string | null {
  const { verdict, groups = [] } = resultOf(job);
  if (verdict?.helped == null) return null;
  if (!verdict.helped) return "Distillation did not help.";
  const compared = groups.filter((one) => one.difference !== null);
  return compared.length > 1 ? "Distillation helped at least one of its students." : "Distillation helped.";
}

function beside(best: Standing, teacher: TeacherStanding | null): string {
  if (!teacher || best.top1 === null) return "";
  const below = teacher.top1 - best.top1;
  const where =
    Math.abs(below) < 0.0005
      ? "level with its teacher"
      : `${percentage(Math.abs(below))} points ${below > 0 ? "below" : "above"} its teacher`;
  const size = best.group.parameters;
  return teacher.parameters && size
    ? `, ${where} and ${sized(teacher.parameters / size)} (${parameters(size)})`
    : `, ${where}`;
}

/** As the service's own sentence says it (core/training/verdict.py), in the same digits. */
function sized(smaller: number): string {
  if (Math.max(smaller, 1 / smaller) < SAME) return "of the same size";
  return smaller > 1 ? `${times(smaller)} times smaller` : `${times(1 / smaller)} times larger`;
}

const SAME = 1.05;

function gains(standings: readonly Standing[]): string | null {
  const measured = standings.filter((one) => one.difference !== null);
  if (measured.length === 0) return null;
  const ahead = measured.filter((one) => (one.difference as number) > 0).length;
  const all = measured.length;
  if (all === 1) return `${ahead ? "Ahead of" : "Not ahead of"} the same network without a teacher, so far.`;
  const who = ahead === all ? (all === 2 ? "Both" : "All") : ahead === 0 ? "None of the" : `${ahead} of the ${all}`;
  return `${who} students ${ahead === 1 ? "is" : "are"} ahead of the same network without a teacher, so far.`;
}

const NEAR = 0.01; // of accuracy: what a smaller network may cost before it is another choice

/** Which of several finished students to ship: the smallest that is as good as the best, give or take a point. */
export function shipping(standings: readonly Standing[]): string | null {
  const known = standings.filter((one) => one.final && one.top1 !== null && one.group.parameters);
  const best = leader(known);
  if (!best || known.length < 2) return null;
  const size = (one: Standing) => one.group.parameters as number;
  const below = (one: Standing) => (best.top1 as number) - (one.top1 as number);
  const near = known.filter((one) => below(one) <= NEAR);
  const small = near.reduce((least, one) => (size(one) < size(least) ? one : least), best);
  const { name } = small.group;
  if (size(small) < size(best)) {
    const where = below(small) < 0.0005 ? "is as good" : `is ${percentage(below(small))} points below it`;
    return `To ship: ${name} ${where} and ${times(size(best) / size(small))} times smaller.`;
  }
  if (known.every((one) => size(one) >= size(best))) return `To ship: ${name}, the best and none is smaller.`;
  return `To ship: ${name}. Nothing smaller comes within a point of it.`;
}
