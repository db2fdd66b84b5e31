import type { Job } from "@/jobs/queries";
import { makeJob } from "@/testing/make";
import { settingsOf } from "./configuration";

const recipe = (change: Record<string, unknown> = {}) => ({
  name: "any",
  preset: null,
  teacher: "tch_1",
  dataset: "dst_1",
  loss: { kind: "dist", alpha: 1, temperature: 4 },
  students: [{ name: "small", architecture: "resnet8", seeds: [0, 1], loss: null }],
  control: true,
  training: { epochs: 40, optimizer: { kind: "sgd", lr: 0.05 }, schedule: { kind: "multistep", milestones: [20, 30] } },
  ...change,
});
const job = (change: Record<string, unknown> = {}, rest: Partial<Job> = {}) =>
  makeJob({ recipe: recipe(change), ...rest });
const differences = (...jobs: Job[]) =>
  settingsOf(jobs)
    .filter((one) => one.differs)
    .map(({ section, name, values }) => [section, name, ...values]);

test("jobs that differ in their names alone do not differ", () => {
  expect(differences(job(), job({ name: "other" }))).toEqual([]);
});

test("what differs is told by where it stands, as it is written", () => {
  const other = job({
    loss: { kind: "kd", alpha: 1, weight: 0.9 },
    training: { epochs: 60, optimizer: { kind: "sgd", lr: 0.00001 }, schedule: { kind: "cosine" } },
  });
  expect(differences(job(), other)).toEqual([
    ["loss", "kind", "dist", "kd"],
    ["loss", "temperature", "4", null],
    ["loss", "weight", null, "0.9"],
    ["training", "epochs", "40", "60"],
    ["training", "optimizer: lr", "0.05", "1.0e\u22125"],
    ["training", "schedule", "multistep", "cosine"],
    ["training", "schedule: milestones", "20, 30", null],
  ]);
});

test("students are matched by name, or by place where no name is shared", () => {
  const one = { name: "small", architecture: "resnet14", seeds: [0, 1] };
  expect(differences(job(), job({ students: [one] }))).toEqual([["students", "small", "resnet8", "resnet14"]]);
  expect(differences(job(), job({ students: [{ ...one, name: "tiny", seeds: [3] }] }))).toEqual([
    ["students", "student", "small, resnet8", "tiny, resnet14"],
    ["students", "student: seeds", "0, 1", "3"],
  ]);
});

test("a student that one job lacks is told in one row; a loss of its own stands against the job's", () => {
  const small = { name: "small", architecture: "resnet8", seeds: [0, 1], loss: { kind: "kd", temperature: 2 } };
  const large = { name: "large", architecture: "resnet20", seeds: [3], loss: { kind: "task" } };
  expect(differences(job(), job({ students: [small, large] }))).toEqual([
    ["students", "small: loss", "the job's", "kd"],
    ["students", "small: loss: temperature", null, "2"],
    ["students", "large", null, "resnet20"],
  ]);
});

test("nothing and null are the same; the parts are told by name, what was decided as well", () => {
  const loss = { kind: "dist", alpha: 1, temperature: 4, epsilon: null };
  expect(differences(job(), job({ loss }))).toEqual([]);
  const alone = job({ teacher: null }, { teacher: null, decided: { device: "cuda", threads: 2 } });
  expect(differences(job({}, { decided: { device: "cpu", threads: 2 } }), alone)).toEqual([
    ["what goes in", "teacher", "the teacher", "none"],
    ["decided", "device", "cpu", "cuda"],
  ]);
});

test("three jobs of which one differs", () => {
  expect(differences(job(), job(), job({ control: false }))).toEqual([["students", "control", "yes", "yes", "no"]]);
});
