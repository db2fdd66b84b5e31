import { extent, over, stepAt, where, writeX, xAt, xTicks } from "./axis";
import type { Axis } from "./lines";

const epochs: Axis = { name: "epoch", perStep: 0.1, end: 600 };
const time: Axis = { name: "time", perStep: 1, end: null, clock: { step: [0, 10, 20, 40], seconds: [0, 5, 105, 125] } };

test("between two known moments time passes evenly; the way back is the same", () => {
  expect([0, 5, 10, 15, 30, 99].map((step) => xAt(time, step))).toEqual([0, 2.5, 5, 55, 115, 125]);
  for (const step of [0, 5, 15, 30]) expect(stepAt(time, xAt(time, step))).toBeCloseTo(step);
  expect(xAt(epochs, 70)).toBe(70);
});

test("an axis reaches to what is planned, to what was reached, or as far as was zoomed", () => {
  expect(extent(epochs, 100, null)).toEqual([0, 600]);
  expect(extent(time, 20, null)).toEqual([0, 105]);
  expect(extent(time, 20, [10, 20])).toEqual([5, 105]);
});

test("times have the ticks of a clock, epochs whole numbers", () => {
  expect(xTicks(time, [0, 125], 5, true)).toEqual([0, 30, 60, 90, 120]);
  expect(xTicks(epochs, [0, 30], 8, true).map((x) => writeX(epochs, x))).toEqual(["0", "1", "2", "3"]);
  expect(writeX(time, 90)).toBe("1\u202fmin 30\u202fs");
});

test("what the cursor reads is said in the axis's words", () => {
  expect(where(epochs, 125)).toBe("epoch 12.5");
  expect(where(time, 10)).toBe("5\u202fs, step 10");
  expect([over(epochs), over(time)]).toEqual(["over epochs", "over time"]);
});
