import type { Schema } from "@/api/client";

type Class = Schema<"ClassJudged">;

/** One class as two students know it; accuracies are shares, `beyond` whether the difference is clear of the noise. */
export interface ClassDifference {
  name: string;
  count: number;
  left: number;
  right: number;
  difference: number;
  beyond: boolean;
}

/** The classes that both were measured on, those first in which the left one is further ahead. */
export function differencesOf(left: readonly Class[], right: readonly Class[]): ClassDifference[] {
  const others = new Map(right.map((one) => [one.index, one]));
  return left
    .flatMap((one) => {
      const other = others.get(one.index);
      if (one.top1 == null || other?.top1 == null || one.count === 0) return [];
      const difference = one.top1 - other.top1;
      return [
        {
          name: one.name,
          count: one.count,
          left: one.top1,
          right: other.top1,
          difference,
          beyond: Math.abs(difference) > noise(one, other, difference),
        },
      ];
    })
    .sort((a, b) => b.difference - a.difference || a.name.localeCompare(b.name));
}

/** How far two shares may lie apart by chance: from their own 95 % intervals, as Newcombe has it. */
function noise(one: Class, other: Class, difference: number): number {
  const [high, low] = difference >= 0 ? [one, other] : [other, one];
  const below = (high.top1 ?? 0) - (high.top1_interval?.[0] ?? 0);
  const above = (low.top1_interval?.[1] ?? 1) - (low.top1 ?? 0);
  return Math.hypot(below, above);
}

/** The ends of a long list: where each is furthest ahead. */
export function ends(all: readonly ClassDifference[], each: number): ClassDifference[] {
  return all.length <= 2 * each ? [...all] : [...all.slice(0, each), ...all.slice(-each)];
}
