import { expect, test } from "vitest";
import { readNumbers } from "./TextBox";

test("a list of numbers is read as people write it and as JSON does", () => {
  const read = readNumbers(null);
  expect(read("9, 8 5;4")).toEqual([9, 8, 5, 4]);
  expect(read("[9, 8, 5, 4]")).toEqual([9, 8, 5, 4]);
  expect(read("[]")).toBe(null);
  expect(read("9, x")).toEqual([9, "x"]);
});
