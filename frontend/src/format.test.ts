import * as format from "./format";

const thin = (text: string) => text.replaceAll("_", "\u202f");

test.each([
  [0.9712, "97.1_%"],
  [1, "100.0_%"],
  [0, "0.0_%"],
  [null, "–"],
  [0.7625, "76.2_%"],
  [0.7675, "76.8_%"],
])("percent(%s)", (share, text) => expect(format.percent(share)).toBe(thin(text)));

test.each([
  [0.046, "+4.6"],
  [-0.0123, "−1.2"],
  [0.0001, "±0.0"],
  [-0.0001, "±0.0"],
])("points(%s)", (difference, text) => expect(format.points(difference)).toBe(text));

test.each([
  [0, "0_s"],
  [59.4, "59_s"],
  [60, "1_min"],
  [135, "2_min 15_s"],
  [599, "9_min 59_s"],
  [2460, "41_min"],
  [3599, "1_h"],
  [7380, "2_h 3_min"],
  [86_399, "1_d"],
  [100_800, "1_d 4_h"],
  [Number.NaN, "–"],
])("duration(%s)", (seconds, text) => expect(format.duration(seconds)).toBe(thin(text)));

test.each([
  [999, "999"],
  [78_042, "78.0_k"],
  [272_474, "272_k"],
  [999_960, "1.0_M"],
  [5_300_000, "5.3_M"],
])("parameters(%s)", (n, text) => expect(format.parameters(n)).toBe(thin(text)));

test.each([
  [512, "512_B"],
  [1_126_400, "1.1_MB"],
])("bytes(%s)", (n, text) => expect(format.bytes(n)).toBe(thin(text)));

test.each([
  [0.05, "0.05"],
  [1.23456, "1.235"],
  [3.1e-7, "3.1e−7"],
  [-2, "−2"],
  [4119.7, "4120"],
])("plain(%s)", (value, text) => expect(format.plain(value)).toBe(text));

test("an interval is told by half its width, or by its ends where 0 or 100 % cuts it", () => {
  expect(format.plusMinus(0.96, [0.95, 0.97])).toBe("±1.0");
  expect(format.plusMinus(1, [0.97, 1])).toBe("[97.0, 100]");
  expect(format.plusMinus(0.922, [0.588, 1])).toBe("[58.8, 100]");
  expect(format.plusMinus(0.01, [0, 0.05])).toBe("[0, 5.0]");
  expect(format.plusMinus(0.9, null)).toBe("");
});

test("ages grow coarser", () => {
  const now = Date.parse("2026-01-02T12:00:00Z");
  expect(format.ago("2026-01-02T11:59:58Z", now)).toBe("just now");
  expect(format.ago("2026-01-02T11:55:00Z", now)).toBe(thin("5_min ago"));
  expect(format.ago("2026-01-02T09:00:00Z", now)).toBe(thin("3_h ago"));
  expect(format.ago("2025-12-24T12:00:00Z", now)).toBe("Dec 24, 2025");
});

test("a sentence of the service gets its thin spaces", () => {
  expect(format.spaced("96.3% on test (-1.1), 95 % interval")).toBe(thin("96.3_% on test (−1.1), 95_% interval"));
  expect(format.spaced("small (-0.0 points over its control, -0.05 to +0.1)")).toBe(
    "small (0.0 points over its control, −0.05 to +0.1)",
  );
});

test("what rounds to nothing has no sign", () => {
  expect(format.percentage(-0.0002)).toBe("0.0");
  expect(format.percent(-0.002, 0)).toBe(thin("0_%"));
  expect(format.percentage(-0.02)).toBe("−2.0");
});

test("a moment after midnight is of hour 0", () => {
  expect(format.moment("2026-11-26T00:05:09")).toBe("Nov 26, 00:05:09");
});
