import { check } from "./check";
import { schema } from "./fixture";
import { byPlace, checkForm, emptyForm, freeName, newStudent, suggestedName } from "./form";

const sound = {
  dataset: "dst_1",
  students: [{ name: "a", architecture: "b", seeds: [0, 1], optimizer: { lr: 0.1 } }],
  loss: { kind: "dist", alpha: 0 },
};
const said = (change: object) =>
  Object.fromEntries(check(schema, schema, { ...sound, ...change }).map((w) => [w.pointer, w.detail]));

test("a sound recipe has nothing wrong", () => expect(said({})).toEqual({}));

test.each([
  [{ dataset: undefined }, { "/dataset": "This must not be empty." }],
  [{ control: "maybe" }, { "/control": "Must be yes or no." }],
  [{ loss: { kind: "dist", alpha: 1001 } }, { "/loss/alpha": "Must be at most 1000." }],
  [{ loss: { kind: "task", alpha: 0 } }, { "/loss/alpha": "Must be above 0." }],
  [{ loss: { kind: "nothing" } }, { "/loss": "Must be one of task, dist." }],
  [{ training: { epochs: 1.5 } }, { "/training/epochs": "Must be a whole number." }],
  [{ training: { epochs: "x" } }, { "/training/epochs": "Must be a whole number." }],
  [{ training: { lr: "" } }, { "/training/lr": "This must not be empty." }],
  [{ training: { milestones: [5, 0] } }, { "/training/milestones/1": "Must be at least 1." }],
  [{ training: { precision: "half" } }, { "/training/precision": "Must be one of auto, float32." }],
  [{ training: { padding: -1 } }, { "/training/padding": "Must be at least 0." }],
  [{ students: [] }, { "/students": "Must have at least 1." }],
  [{ students: [{ name: "a", architecture: "b", seeds: [] }] }, { "/students/0/seeds": "Must have at least 1." }],
  [{ metadata: { "a/b~c": "x" } }, { "/metadata/a~1b~0c": "Must have at most 4 characters; has 5." }],
  [{ metadata: { a: "123456789" } }, { "/metadata/a": "Must have at most 8 characters; has 9." }],
])("%j is wrong at its place", (change, expected) => expect(said(change)).toEqual(expected));

test("what has not been chosen yet is missing, not wrong", () => {
  const { wrong, missing } = checkForm(schema, emptyForm(schema));
  expect(wrong).toEqual([]);
  expect(missing.map((one) => one.pointer)).toEqual(["/teacher", "/dataset", "/students"]);
});

test("two students of one name are told at the second", () => {
  const student = newStudent(schema, "cifar/resnet8", []);
  const form = { ...emptyForm(schema), teacher: null, dataset: "dst_1", students: [student, student] };
  expect(checkForm(schema, form).wrong).toEqual([
    { pointer: "/students/1/name", detail: "Student 1 has this name too." },
  ]);
});

test("a new student gets a name that is free", () => {
  const first = newStudent(schema, "cifar/resnet8", []);
  const second = newStudent(schema, "torchvision/resnet8", [first]);
  expect([first.name, second.name]).toEqual(["resnet8", "resnet8 2"]);
  expect(freeName("resnet8 2", [first, second])).toBe("resnet8 3");
});

test("a job that nobody named is called by its data and its students", () => {
  const form = { ...emptyForm(schema), students: [newStudent(schema, "resnet8", [])] };
  expect(suggestedName(form, "birds")).toBe("birds: resnet8");
  expect(suggestedName(emptyForm(schema), undefined)).toBe("distillation");
  expect([...suggestedName(form, "🦜".repeat(300))]).toHaveLength(200);
});

test("the page's own words come before the service's, and each is said once", () => {
  const own = [{ pointer: "/a", detail: "own" }];
  const told = [
    { pointer: "/a", detail: "told" },
    { pointer: "/b", detail: "one." },
    { pointer: "/b", detail: "one." },
    { pointer: "/b", detail: "two." },
  ];
  expect([...byPlace([own, told])]).toEqual([
    ["/a", "own"],
    ["/b", "one. two."],
  ]);
});
