import type { Line } from "./lines";
import { isBand, prepared, visible, visibleLevels } from "./prepare";
import { PLAIN } from "./settings";
import { smoothed } from "./smooth";

const line = (change: Partial<Line> = {}): Line => ({
  key: "student small",
  name: "small",
  step: [1, 2, 3],
  value: [1, 2, 3],
  color: "blue",
  text: "blue",
  kind: "solid",
  ...change,
});

test("a smoothed curve begins where the curve begins, and forgets slowly", () => {
  expect(smoothed([4, 4, 4], 0.9).map((one) => Number(one.toFixed(12)))).toEqual([4, 4, 4]);
  const [first, second] = smoothed([1, 0], 0.5);
  expect(first).toBe(1);
  expect(second).toBeCloseTo(1 / 3); // weights 1/2 and 1/4 of what was given out
  expect(smoothed([1, 2], 0)).toEqual([1, 2]);
});

test("what is no number is passed over by the average", () => {
  const [first, gap, third] = smoothed([1, Number.NaN, 0], 0.5);
  expect([first, gap]).toEqual([1, Number.NaN]);
  expect(third).toBeCloseTo(1 / 3);
});

test("smoothing draws what was measured faint behind, without a band", () => {
  const drawn = prepared([line({ low: [0, 1, 2], high: [2, 3, 4] })], { ...PLAIN, smooth: 0.5 }, false);
  expect(drawn.map(({ key, kind }) => [key, kind])).toEqual([
    ["student small raw", "raw"],
    ["student small", "solid"],
  ]);
  expect(drawn[0]?.value).toEqual([1, 2, 3]);
  expect(drawn.some(isBand)).toBe(false);
});

test("a hidden student takes its seeds along; a hidden teacher is a level less", () => {
  const lines = [line(), line({ key: "stu_1", kind: "thin", parent: "student small" }), line({ key: "control small" })];
  expect(visible(lines, ["student small"]).map(({ key }) => key)).toEqual(["control small"]);
  const teacher = { name: "teacher", value: 1, color: "gold", text: "gold" };
  expect(visibleLevels([teacher], ["level teacher"])).toEqual([]);
});

test("an axis of equal ratios leaves out zero and below, from every column", () => {
  const [drawn] = prepared([line({ value: [0, -1, 2], low: [0, -1, 1], high: [0, 0, 3] })], PLAIN, true);
  expect(drawn).toMatchObject({ step: [3], value: [2], low: [1], high: [3] });
});

test("only what stands for several that differ has a band", () => {
  expect(isBand(line({ low: [1, 2, 3], high: [1, 2, 3] }))).toBe(false);
  expect(isBand(line({ low: [1, 1, 3], high: [1, 2, 3] }))).toBe(true);
  expect(isBand(line({ low: [1, 1, 3], high: [1, 2, 3], kind: "thin" }))).toBe(false);
});
