/** What a chart draws. Steps count optimizer updates; values are as the API gives them. */
export interface Line {
  key: string;
  name: string;
  step: readonly number[];
  value: readonly number[];
  /** CSS colours of the mark and of its label. */
  color: string;
  text: string;
  kind: "solid" | "thin" | "dotted";
}

/** A value without a course: dashed across the whole chart. */
export interface Level {
  name: string;
  value: number;
  color: string;
  text: string;
}

/** Steps shown as epochs, where their number is known. */
export interface Axis {
  name: "epoch" | "step";
  perStep: number;
  /** The last step that is planned; null while nobody knows. */
  end: number | null;
}

/** `thin` lines are the seeds behind a mean: drawn, but neither labelled nor counted as a name. */
export const named = (lines: readonly Line[]): Line[] => lines.filter((line) => line.kind !== "thin");

export const pointsOf = (lines: readonly Line[]): number => lines.reduce((sum, line) => sum + line.step.length, 0);

export const lastStepOf = (lines: readonly Line[]): number | null => {
  const last = Math.max(...lines.map((line) => line.step.at(-1) ?? -1));
  return last < 0 ? null : last;
};

/** The part of a line that lies between two steps. */
export function within({ step, value }: Line, [from, to]: readonly [number, number]) {
  const inside = step.map((at) => at >= from && at <= to);
  return { step: step.filter((_, i) => inside[i]), value: value.filter((_, i) => inside[i]) };
}
