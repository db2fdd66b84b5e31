import { below, idOf, spelled, steps, withAt } from "./pointer";

test("a pointer is read and written with its escapes", () => {
  expect(steps("/metadata/a~1b~0c")).toEqual(["metadata", "a/b~c"]);
  expect(below("/metadata", "a/b~c")).toBe("/metadata/a~1b~0c");
  expect(below("/students", 2)).toBe("/students/2");
});

test("a value is put in its place, and nothing else changes", () => {
  const before = { a: [{ b: 1 }, { b: 2 }], c: null as unknown };
  const after = withAt(before, "/a/1/b", 3);
  expect(after).toEqual({ a: [{ b: 1 }, { b: 3 }], c: null });
  expect(after.a[0]).toBe(before.a[0]);
  expect(before.a[1]).toEqual({ b: 2 });
  expect(withAt(before, "/c/d", 1).c).toEqual({ d: 1 });
});

test("a place is spelled for people", () => {
  expect(spelled("/students/1/optimizer/weight_decay")).toBe("students 2 › optimizer › weight decay");
  expect(idOf("/training/epochs")).toBe("at/training/epochs");
});
