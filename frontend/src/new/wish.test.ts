import { schema } from "./fixture";
import { emptyForm, formOf, newStudent } from "./form";
import { defaultsOf } from "./schema";
import { wishOf } from "./wish";

const filled = () => {
  const form = { ...emptyForm(schema), name: "n", teacher: "tch_1", dataset: "dst_1" };
  return { ...form, students: [newStudent(schema, "cifar/resnet8", [])] };
};
const least = {
  name: "n",
  teacher: "tch_1",
  dataset: "dst_1",
  students: [{ name: "resnet8", architecture: "cifar/resnet8" }],
};

test("defaults are not said", () => {
  expect(wishOf(schema, filled(), null)).toEqual(least);
});

test("what differs is said, and no more of what it lies in", () => {
  const form = filled();
  form.training = { ...form.training, epochs: 5, milestones: [2, 4] };
  form.control = false;
  expect(wishOf(schema, form, null)).toEqual({ ...least, control: false, training: { epochs: 5, milestones: [2, 4] } });
});

test("a member of a union keeps the kind by which it is known", () => {
  const form = filled();
  form.loss = { kind: "dist", alpha: 1, beta: 3 };
  expect(wishOf(schema, form, null).loss).toEqual({ kind: "dist", beta: 3 });
  form.loss = { kind: "task", alpha: 1 };
  expect(wishOf(schema, form, null).loss).toEqual({ kind: "task" });
});

test("what may be absent as a whole is said with what differs in it, and as null where a preset has it", () => {
  const form = filled();
  form.training = { ...form.training, average: { decay: 0.9999 } };
  expect(wishOf(schema, form, null).training).toEqual({ average: {} });
  form.training = { ...form.training, average: { decay: 0.99 } };
  expect(wishOf(schema, form, null).training).toEqual({ average: { decay: 0.99 } });
  const preset = { ...form, preset: "p" };
  form.training = { ...form.training, average: null };
  expect(wishOf(schema, form, preset).training).toEqual({ average: null });
});

test("a student says what is its own", () => {
  const form = filled();
  const [student] = form.students;
  form.students = [
    { ...student, seeds: [0, 1], loss: { kind: "dist", alpha: 1, beta: 2 }, optimizer: { lr: 0.1, nesterov: null } },
  ] as typeof form.students;
  expect(wishOf(schema, form, null).students).toEqual([
    { ...least.students[0], seeds: [0, 1], loss: { kind: "dist" }, optimizer: { lr: 0.1 } },
  ]);
});

test("with a preset only what differs from it is said, also where that is a default", () => {
  const training = { ...(defaultsOf(schema.$defs?.Training ?? {}, schema) as object), epochs: 40, lr: 0.1 };
  const preset = {
    preset: "digits",
    name: "digits",
    loss: { kind: "dist", alpha: 1, beta: 4 },
    students: [{ name: "small", architecture: "resnet8", seeds: null, loss: null, optimizer: null }],
    control: true,
    training,
    exports: ["safetensors", "torch"],
    metadata: {},
  };
  const form = { ...formOf(schema, preset), name: "digits", teacher: null, dataset: "dst_1" };
  expect(wishOf(schema, form, preset)).toEqual({ preset: "digits", dataset: "dst_1" });
  form.training = { ...form.training, epochs: 30 };
  form.loss = { kind: "dist", alpha: 2, beta: 2 };
  expect(wishOf(schema, form, preset)).toEqual({
    preset: "digits",
    dataset: "dst_1",
    loss: { kind: "dist", alpha: 2, beta: 2 },
    training: { epochs: 30 },
  });
});
