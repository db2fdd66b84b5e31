import type { Student } from "@/students/queries";
import {
  adviceOf,
  frontOf,
  insteadOf,
  leftOut,
  originOf,
  type Point,
  pointsOf,
  roleIn,
  type TeacherPoint,
} from "./points";

function point(id: string, parameters: number | null, top1: number | null, latency: number | null = null): Point {
  return {
    id,
    name: id,
    architecture: "cifar/resnet8",
    job: "job_1",
    jobName: "a job",
    seeds: [id],
    taught: true,
    costs: { parameters, bytes: parameters === null ? null : 4 * parameters, latency },
    worth: { top1, gap: null, agreement: null },
    control: null,
    difference: null,
  };
}

const teacher: TeacherPoint = {
  id: "tch_1",
  name: "the teacher",
  student: null,
  top1: 0.9,
  costs: { parameters: 1000, bytes: 4000, latency: 10 },
};

test("on the front is what nothing cheaper is as good as", () => {
  const points = [
    point("tiny", 10, 0.7),
    point("worse at the same size", 10, 0.6),
    point("dominated", 50, 0.69),
    point("middle", 50, 0.8),
    point("as good but larger", 60, 0.8),
    point("large", 100, 0.85),
    point("unmeasured", null, 0.99),
  ];
  expect([...frontOf(points, "parameters", "top1")]).toEqual(["tiny", "middle", "large"]);
  expect(frontOf(points, "latency", "top1").size).toBe(0);
  expect(frontOf([], "parameters", "top1").size).toBe(0);
});

test("the cheapest within a point of the teacher is the one to ship", () => {
  const points = [point("tiny", 10, 0.7), point("good", 200, 0.893, 2), point("best", 400, 0.91, 1)];
  expect(adviceOf(points, teacher, "parameters")).toMatchObject({
    lead: "Smallest within 1 point of the teacher",
    point: { id: "good" },
    detail: "0.7 points below it, 5.0 times smaller",
  });
  expect(adviceOf(points, teacher, "latency")).toMatchObject({
    lead: "Fastest within 1 point of the teacher",
    point: { id: "best" },
    detail: "1.0 points above it, 10.0 times faster",
  });
});

test("where none is near, the nearest; without a teacher, near the best", () => {
  const points = [point("tiny", 10, 0.7), point("large", 100, 0.8), point("half", 50, 0.795)];
  expect(adviceOf(points, teacher, "parameters")).toMatchObject({
    lead: "None comes within 1 point of the teacher yet; the nearest",
    point: { id: "large" },
    detail: "10.0 points below it, 10.0 times smaller",
  });
  expect(adviceOf(points, null, "parameters")?.point.id).toBe("half");
  expect(adviceOf([], teacher, "parameters")).toBeNull();
});

test("a student whose control is as good is not shipped without a word", () => {
  const beside = (value: number, interval?: [number, number]): Point => ({
    ...point("small", 100, 0.9),
    control: { top1: 0.9 - value, gap: 0, agreement: null },
    difference: interval ? { value, interval } : null,
  });
  const asGood = "Its control without distillation is as good: distillation did not help here.";
  expect(insteadOf(point("no control", 100, 0.9))).toBeNull();
  expect(insteadOf(beside(0.03, [0.01, 0.05]))).toBeNull();
  expect(insteadOf(beside(0.03))).toBeNull();
  expect(insteadOf(beside(0.012, [-0.01, 0.034]))).toBe(
    "It is 1.2 points above its control without distillation, not beyond the noise.",
  );
  expect(insteadOf(beside(0))).toBe(asGood);
  expect(insteadOf(beside(-0.02))).toBe(asGood);
  expect(insteadOf(beside(-0.02, [-0.05, 0.01]))).toBe(asGood);
  expect(insteadOf(beside(-0.02, [-0.03, -0.01]))).toBe(
    "Its control without distillation is 2.0 points better: distillation harmed it.",
  );
});

test("what the teacher comes from is told apart: itself, and who was trained beside it without a teacher", () => {
  const made = { ...teacher, student: "second seed" };
  const self = { ...point("large", 1000, 0.9), seeds: ["large", "second seed"], taught: false };
  const beside = { ...point("middle", 500, 0.895), taught: false };
  const distilled = point("small", 100, 0.88);
  const elsewhere = { ...point("labels alone", 90, 0.85), job: "job_2", taught: false };
  const points = [self, beside, distilled, elsewhere];
  const origin = originOf(points, made);
  expect(origin).toEqual({ self, beside: [beside] });
  expect(points.map((one) => roleIn(origin, one))).toEqual([
    "made the teacher",
    "trained beside the teacher",
    null,
    null,
  ]);
  expect(origin && leftOut(origin)).toBe(
    "Left out: large, which the teacher was made from, and middle, trained beside it without a teacher.",
  );
  expect(leftOut({ self, beside: [beside, elsewhere] })).toContain(", and 2 others, trained beside it");
  expect(leftOut({ self, beside: [] })).toBe("Left out: large, which the teacher was made from.");
  for (const other of [teacher, null, { ...teacher, student: "on other data" }]) {
    expect(originOf(points, other)).toBeNull();
  }
});

test("seeds are one candidate, beside the control of the same network in the same job", () => {
  const student = (id: string, change: Partial<Student>): Student =>
    ({
      id,
      job: "job_1",
      job_name: "a job",
      name: "small",
      role: "student",
      seed: 0,
      twin: String(change.seed ?? 0),
      architecture: "cifar/resnet8",
      parameters: 100,
      bytes: 400,
      loss: { kind: "dist" },
      teacher: { id: "tch_1", name: "the teacher", top1: 0.9 },
      metrics: { top1: 0.8, agreement: 0.7, gap_closed: 0.5, latency_ms: 2 },
      ...change,
    }) as Student;
  const control = { role: "control", name: "small control", loss: { kind: "task" } } as const;
  const [one, ...others] = pointsOf([
    student("s1", { seed: 1, metrics: { top1: 0.84, agreement: 0.72, gap_closed: 0.6 } }),
    student("s0", {}),
    student("c0", { ...control, metrics: { top1: 0.75 } }),
    student("elsewhere", { ...control, job: "job_2", metrics: { top1: 0.1 } }),
  ]);
  expect(others).toEqual([]);
  expect(one).toMatchObject({ id: "s0", seeds: ["s0", "s1"], costs: { parameters: 100, bytes: 400, latency: 2 } });
  expect(one?.worth.top1).toBeCloseTo(0.82);
  expect(one?.worth.gap).toBeCloseTo(0.55);
  expect(one?.control).toEqual({ top1: 0.75, gap: 0, agreement: null });
});
