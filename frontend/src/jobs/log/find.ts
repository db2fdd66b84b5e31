import type { LogLine } from "../queries";

export const LEVELS = ["debug", "info", "warning", "error"] as const;
export type Level = (typeof LEVELS)[number];

export interface Wish {
  level: Level;
  text: string;
  /** Only the lines that have the text. */
  only: boolean;
}

export interface Found {
  lines: readonly LogLine[];
  /** Places in `lines` of those that have the text; empty without one. */
  hits: readonly number[];
}

export function find(all: readonly LogLine[], { level, text, only }: Wish): Found {
  const least = LEVELS.indexOf(level);
  const loud = least === 0 ? all : all.filter((line) => LEVELS.indexOf(line.level as Level) >= least);
  const wanted = text.toLowerCase();
  if (!wanted) return { lines: loud, hits: [] };
  const has = (line: LogLine) => line.message.toLowerCase().includes(wanted);
  const lines = only ? loud.filter(has) : loud;
  const hits: number[] = [];
  lines.forEach((line, i) => {
    if (only || has(line)) hits.push(i);
  });
  return { lines, hits };
}

/** The next hit in a direction, around the end; null without any. `from` is the line that is marked now, if any. */
export function nextHit({ lines, hits }: Found, from: number | undefined, by: 1 | -1): LogLine | null {
  const places = by === 1 ? hits : [...hits].reverse();
  const further = places.find((i) => {
    const seq = (lines[i] as LogLine).seq;
    return from !== undefined && (by === 1 ? seq > from : seq < from);
  });
  return lines[further ?? places[0] ?? -1] ?? null;
}

/** Which of the hits a line is, from 1; 0 when it is none. */
export const numberOf = ({ lines, hits }: Found, seq: number | undefined): number =>
  seq === undefined ? 0 : hits.findIndex((i) => lines[i]?.seq === seq) + 1;

/** A message in parts, every other of which is what was looked for. */
export function parts(message: string, text: string): string[] {
  if (!text) return [message];
  const [low, wanted] = [message.toLowerCase(), text.toLowerCase()];
  if (low.length !== message.length) return [message]; // letters that grow when they are made small
  const found: string[] = [];
  let from = 0;
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, from)) {
    found.push(message.slice(from, at), message.slice(at, at + wanted.length));
    from = at + wanted.length;
  }
  return [...found, message.slice(from)];
}

/** The log as a file. */
export const written = (lines: readonly LogLine[]): string =>
  lines.map((line) => `${line.created_at} ${line.level.padEnd(7)} ${line.message}\n`).join("");
