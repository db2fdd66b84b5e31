import { align, mean, valueAt } from "./align";
import { dodge, range, ticks } from "./scale";

test("curves with steps of their own share one axis", () => {
  const aligned = align([
    { step: [1, 3], value: [0.1, 0.3] },
    { step: [2, 3], value: [0.2, Number.NaN] },
  ]);
  expect(aligned).toEqual([
    [1, 2, 3],
    [0.1, null, 0.3],
    [null, 0.2, null],
  ]);
});

test("the value at a step is that of the last point before it", () => {
  const curve = { step: [10, 20, 30], value: [1, 2, 3] };
  expect([5, 10, 19, 20, 99].map((step) => valueAt(curve, step))).toEqual([null, 1, 1, 2, 3]);
});

test("a mean stands where every seed has a point", () => {
  const seeds = [
    { step: [1, 2, 3], value: [1, 2, 3] },
    { step: [1, 3], value: [3, 5] },
  ];
  expect(mean(seeds)).toEqual({ step: [1, 3], value: [2, 4] });
  expect(mean([])).toEqual({ step: [], value: [] });
});

test.each([
  [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [91.2, 99.1, [92, 94, 96, 98]],
  [0, 60, [0, 20, 40, 60]],
  [3, 3, [3]],
])("ticks between %s and %s are round", (low, high, expected) => expect(ticks(low, high)).toEqual(expected));

test("a focused range lets the steep beginning run out below", () => {
  const curve = { step: [0, 50, 100], value: [0.1, 0.9, 0.95] };
  expect(range([curve], [0.98], true)[0]).toBeGreaterThan(0.8);
  expect(range([curve], [], false)[0]).toBeLessThanOrEqual(0.1);
});

test("a flat curve gets a range with an inside", () => {
  const [low, high] = range([{ step: [1, 2], value: [0.05, 0.05 + 1e-17] }], [], false);
  expect(high - low).toBeGreaterThan(0.01);
});

test("a range of shares leaves no room for a tick above 100 %", () => {
  const [low, high] = range([{ step: [1, 2], value: [1, 1] }], [], false, 1);
  expect(Math.max(...ticks(100 * low, 100 * high))).toBe(100);
  expect(high).toBeGreaterThan(1);
});

test("labels that would overlap move apart, and stay inside", () => {
  const placed = dodge([100, 101, 10, 99], 16, 110);
  const sorted = [...placed].sort((a, b) => a - b);
  for (let i = 1; i < sorted.length; i++) {
    expect((sorted[i] as number) - (sorted[i - 1] as number)).toBeGreaterThanOrEqual(16);
  }
  expect(Math.max(...placed)).toBeLessThanOrEqual(110);
  expect(placed[2]).toBe(10);
});
