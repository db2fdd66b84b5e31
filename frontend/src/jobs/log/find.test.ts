import type { LogLine } from "../queries";
import { find, nextHit, numberOf, parts, written } from "./find";

const line = (seq: number, level: string, message: string): LogLine => ({
  object: "log",
  seq,
  attempt: 1,
  created_at: "2026-01-01T10:00:00Z",
  level,
  message,
});
const all = [
  line(1, "info", "epoch 1"),
  line(4, "warning", "slow Disk"),
  line(9, "error", "no disk"),
  line(12, "info", "end"),
];

test("a level hides what is below it; a text marks what has it, or hides the others", () => {
  expect(find(all, { level: "warning", text: "", only: false })).toEqual({ lines: [all[1], all[2]], hits: [] });
  expect(find(all, { level: "debug", text: "disk", only: false })).toEqual({ lines: all, hits: [1, 2] });
  expect(find(all, { level: "debug", text: "disk", only: true })).toEqual({ lines: [all[1], all[2]], hits: [0, 1] });
});

test("hits are walked through in both directions and around the end", () => {
  const found = find(all, { level: "debug", text: "disk", only: false });
  expect(nextHit(found, undefined, 1)?.seq).toBe(4);
  expect(nextHit(found, 4, 1)?.seq).toBe(9);
  expect(nextHit(found, 9, 1)?.seq).toBe(4);
  expect(nextHit(found, 4, -1)?.seq).toBe(9);
  expect(nextHit(found, undefined, -1)?.seq).toBe(9);
  expect(nextHit(find(all, { level: "debug", text: "nothing", only: false }), 4, 1)).toBeNull();
  expect([undefined, 1, 4, 9].map((seq) => numberOf(found, seq))).toEqual([0, 0, 1, 2]);
});

test("what was looked for is every other part of a message, whatever its case", () => {
  expect(parts("Disk and disk", "disk")).toEqual(["", "Disk", " and ", "disk", ""]);
  expect(parts("nothing", "disk")).toEqual(["nothing"]);
  expect(parts("a.b", ".")).toEqual(["a", ".", "b"]);
});

test("as a file a log has a line for each line", () => {
  expect(written(all.slice(0, 2))).toBe(
    "2026-01-01T10:00:00Z info    epoch 1\n2026-01-01T10:00:00Z warning slow Disk\n",
  );
});
