/** What a chart draws. Steps count optimizer updates; values are as the API gives them. */
export interface Line {
  key: string;
  name: string;
  step: readonly number[];
  value: readonly number[];
  /** The least and the greatest of the points that each point here stands for; absent where it stands for itself. */
  low?: readonly number[];
  high?: readonly number[];
  /** CSS colours of the mark and of its label. */
  color: string;
  text: string;
  kind: "solid" | "thin" | "dotted" | "raw";
  /** The line that this one is hidden with: a seed with the mean of the seeds. */
  parent?: string;
}

/** A value without a course: dashed across the whole chart. */
export interface Level {
  name: string;
  value: number;
  color: string;
  text: string;
}

export const levelKey = (level: Level): string => `level ${level.name}`;

/** When steps were reached, in seconds since the job began; both columns rise. */
export interface Clock {
  step: readonly number[];
  seconds: readonly number[];
}

/** Steps shown as epochs, where their number is known, or as the time that had passed. */
export interface Axis {
  name: "epoch" | "step" | "time";
  perStep: number;
  /** The last step that is planned; null while nobody knows. */
  end: number | null;
  /** Of an axis of time. */
  clock?: Clock;
}

/** `thin` lines are the seeds behind a mean, `raw` ones what was smoothed: drawn, but neither labelled nor counted. */
export const named = (lines: readonly Line[]): Line[] =>
  lines.filter((line) => line.kind === "solid" || line.kind === "dotted");

export const pointsOf = (lines: readonly Line[]): number => lines.reduce((sum, line) => sum + line.step.length, 0);

export const lastStepOf = (lines: readonly Line[]): number | null => {
  const last = lines.reduce((most, line) => Math.max(most, line.step.at(-1) ?? -1), -1);
  return last < 0 ? null : last;
};

/** The steps of all lines, each once, in order. */
export const stepsOf = (lines: readonly { step: readonly number[] }[]): number[] =>
  [...new Set(lines.flatMap((line) => line.step as number[]))].sort((a, b) => a - b);

/** The part of a line that lies between two steps. */
export function within({ step, value }: Line, [from, to]: readonly [number, number]) {
  const inside = step.map((at) => at >= from && at <= to);
  return { step: step.filter((_, i) => inside[i]), value: value.filter((_, i) => inside[i]) };
}
