import { type Group, leader, metricsOf, resultOf, type Standing, standingsOf, teacherOf } from "@/jobs/groups";
import type { Job, Series } from "@/jobs/queries";

/** A job as it stands among others: its best student, in the colour of the job. */
export interface Candidate {
  job: Job;
  hue: number;
  /** Told apart from the others, also where two jobs have one name. */
  name: string;
  standing: Standing | null;
  teacher: number | null;
  /** Where its accuracy was measured. */
  on: "test" | "val";
}

export function candidatesOf(jobs: readonly Job[], series: ReadonlyMap<string, readonly Series[]>): Candidate[] {
  const seen = new Map<string, number>();
  return jobs.map((job, hue) => {
    const n = (seen.get(job.name) ?? 0) + 1;
    seen.set(job.name, n);
    const own = series.get(job.id) ?? [];
    const { groups, evaluated_on } = resultOf(job);
    return {
      job,
      hue,
      name: n > 1 ? `${job.name} (${n})` : job.name,
      standing: leader(standingsOf(job, own)),
      teacher: teacherOf(job, own)?.top1 ?? null,
      on: groups && evaluated_on === "test" ? "test" : "val",
    };
  });
}

/** The best epoch's accuracy on validation, over the seeds; null before the first evaluation. */
export function bestEpoch(group: Group): number | null {
  const known = group.members.flatMap((member) => metricsOf(member).best?.top1 ?? []);
  return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
}

/** What must be said before accuracies are read side by side. */
export interface Caution {
  title: string;
  text: string;
  /** What the jobs differ in, and which of them has which. */
  parts: readonly Part[];
}

/** Nothing where they can be compared. */
export function cautions(all: readonly Candidate[]): Caution[] {
  const found: Caution[] = [];
  const data = split(
    all,
    ({ job }) => job.dataset?.id ?? "",
    ({ job }) => job.dataset?.name ?? "none",
  );
  if (data.length > 1) {
    found.push({
      title: "Different data sets",
      text: "Accuracies on different data cannot be compared",
      parts: data,
    });
  }
  const teachers = split(
    all,
    ({ job }) => job.teacher?.id ?? "",
    ({ job }) => job.teacher?.name ?? "the labels alone",
  );
  if (teachers.length > 1) {
    found.push({
      title: "Different teachers",
      text: "The gap closed and the agreement are each about a student's own teacher",
      parts: teachers,
    });
  }
  if (data.length === 1 && new Set(all.filter((one) => one.standing).map((one) => one.on)).size > 1) {
    found.push({
      title: "Measured on different parts",
      text: "Some were measured on the test part, the others on validation alone: small differences say nothing",
      parts: [],
    });
  }
  return found;
}

export interface Part {
  name: string;
  whose: string[];
}

function split(all: readonly Candidate[], id: (one: Candidate) => string, name: (one: Candidate) => string): Part[] {
  const parts = new Map<string, Part>();
  for (const one of all) {
    const part = parts.get(id(one)) ?? { name: name(one), whose: [] };
    part.whose.push(one.name);
    parts.set(id(one), part);
  }
  return [...parts.values()];
}
