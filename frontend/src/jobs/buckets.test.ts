import { makeSeries } from "@/testing/make";
import { append, coarser, rewind } from "./buckets";
import { metricsAfter } from "./frames";
import { MAX_POINTS, type Metrics } from "./queries";

test("points are appended in the order of their steps, once each", () => {
  const series = append(
    makeSeries(null, "lr", [
      [1, 0.1],
      [3, 0.3],
    ]),
    {
      student: null,
      name: "lr",
      step: [2, 3, 4],
      value: [0.2, 0.33, 0.4],
    },
    1,
  );
  expect(series.step).toEqual([1, 2, 3, 4]);
  expect(series.value).toEqual([0.1, 0.2, 0.33, 0.4]);
  expect(series.min).toEqual(series.value);
});

test("appending leaves what it was given as it is", () => {
  const before = makeSeries(null, "lr", [[1, 0.1]]);
  append(before, { student: null, name: "lr", step: [2], value: [0.2] }, 1);
  expect(before.step).toEqual([1]);
});

test("a rewind drops the points beyond its step, and no others", () => {
  const series = makeSeries("stu_1", "val/top1", [
    [10, 0.5],
    [20, 0.6],
    [30, 0.7],
  ]);
  expect(rewind(series, 20).step).toEqual([10, 20]);
  expect(rewind(series, 30)).toBe(series);
});

const told = (step: number[], value: number[]) => ({ student: null, name: "lr", step, value });

test("within a bucket the last value is the line, the least and the greatest the band", () => {
  const series = append(makeSeries(null, "lr", [[5, 0.5]]), told([6, 7, 8], [0.9, 0.1, 0.3]), 4);
  expect(series.step).toEqual([7, 8]);
  expect(series.value).toEqual([0.1, 0.3]);
  expect(series.min).toEqual([0.1, 0.3]);
  expect(series.max).toEqual([0.9, 0.3]);
  expect(series.points).toBe(4);
});

test("a point told twice counts once, in buckets too", () => {
  const once = append(makeSeries(null, "lr", []), told([4, 5], [0.4, 0.5]), 4);
  expect(append(once, told([5], [0.5]), 4)).toEqual(once);
});

test("coarser buckets are those that would have been made at once", () => {
  const points = told([0, 1, 2, 3, 4, 5, 6, 7, 9], [3, 1, 4, 1, 5, 9, 2, 6, 5]);
  const empty = makeSeries(null, "lr", []);
  expect(coarser(append(empty, points, 2), 4)).toEqual(append(empty, points, 4));
});

test("a page that stays open keeps no more points than one that was just opened", () => {
  let metrics: Metrics = { object: "metrics", sampled: false, width: 1, last_event: 0, series: [] };
  for (let seq = 1; seq <= 40; seq++) {
    const step = Array.from({ length: 100 }, (_, i) => seq * 100 + i);
    const series = [{ student: null, name: "lr", step, value: step.map(() => 1) }];
    metrics = metricsAfter(metrics, { seq, type: "metric", attempt: 1, created_at: "2026-01-01T10:00:00Z", series });
  }
  expect(metrics.series[0]?.step.length).toBeLessThanOrEqual(MAX_POINTS);
  expect(metrics.series[0]?.step.at(-1)).toBe(4099);
  expect(metrics.series[0]?.points).toBe(4000);
  expect(metrics.width).toBe(4);
});
