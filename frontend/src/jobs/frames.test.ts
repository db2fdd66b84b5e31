import { makeJob, makeSeries } from "@/testing/make";
import { type Frame, jobAfter, logAfter, metricsAfter } from "./frames";
import type { Metrics } from "./queries";

const frame = (seq: number, type: Frame["type"], told: object = {}): Frame => ({
  seq,
  type,
  attempt: 1,
  created_at: "2026-01-01T10:00:00Z",
  ...told,
});

const metrics = (): Metrics => ({
  object: "metrics",
  sampled: false,
  width: 1,
  last_event: 10,
  series: [
    makeSeries("stu_1", "val/top1", [
      [10, 0.5],
      [20, 0.6],
      [30, 0.7],
    ]),
  ],
});

test("a metric frame extends known curves and begins new ones", () => {
  const told = {
    series: [
      { student: "stu_1", name: "val/top1", step: [40], value: [0.8] },
      { student: null, name: "images_per_second", step: [40], value: [900] },
    ],
  };
  const after = metricsAfter(metrics(), frame(11, "metric", told));
  expect(after.series.map((one) => [one.name, one.step.at(-1)])).toEqual([
    ["val/top1", 40],
    ["images_per_second", 40],
  ]);
  expect(after.last_event).toBe(11);
});

test("a frame that the snapshot held already changes nothing", () => {
  const before = metrics();
  const told = { series: [{ student: "stu_1", name: "val/top1", step: [40], value: [0.8] }] };
  expect(metricsAfter(before, frame(10, "metric", told))).toBe(before);
  const job = makeJob();
  expect(jobAfter(job, frame(10, "status", { status: "failed" }))).toBe(job);
});

test("after a rewind the resumed attempt's points leave no double", () => {
  let after = metricsAfter(metrics(), frame(11, "rewind", { to_step: 10 }));
  expect(after.series[0]?.step).toEqual([10]);
  after = metricsAfter(
    after,
    frame(12, "metric", { series: [{ student: "stu_1", name: "val/top1", step: [20], value: [0.61] }] }),
  );
  expect(after.series[0]?.step).toEqual([10, 20]);
  expect(after.series[0]?.value).toEqual([0.5, 0.61]);
});

test("a rewind to the start leaves no empty curve behind", () => {
  expect(metricsAfter(metrics(), frame(11, "rewind", { to_step: 0 })).series).toEqual([]);
});

test("status, progress and a student's figures reach the job", () => {
  let job = makeJob();
  job = jobAfter(
    job,
    frame(11, "status", { status: "pausing", phase: null, available_actions: ["cancel"], error: null }),
  );
  expect([job.status, job.phase, job.available_actions]).toEqual(["pausing", null, ["cancel"]]);
  job = jobAfter(job, frame(12, "progress", { percent: 50, step: 200, epoch: 20, total_steps: 400, total_epochs: 40 }));
  expect(job.progress.percent).toBe(50);
  job = jobAfter(job, frame(13, "status", { student: { id: "stu_1", status: "trained", metrics: { top1: 0.9 } } }));
  expect(job.students[0]).toMatchObject({ status: "trained", metrics: { top1: 0.9 }, name: "small" });
  expect(job.status).toBe("pausing");
});

test("a phase that begins leaves the status and the actions alone", () => {
  const job = jobAfter(makeJob(), frame(11, "status", { status: "running", phase: "evaluating", message: "" }));
  expect([job.phase, job.available_actions]).toEqual(["evaluating", ["cancel", "pause"]]);
});

test("a log line is added once", () => {
  const line = frame(5, "log", { level: "info", message: "hello" });
  const lines = logAfter([], [line]);
  expect(lines).toMatchObject([{ seq: 5, level: "info", message: "hello" }]);
  expect(logAfter(lines, [line])).toBe(lines);
});
