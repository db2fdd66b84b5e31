import { compareSearch } from "./compare/search";
import { oneOf, some, text } from "./search";

test("what an address says and nobody understands stands in nobody's way", () => {
  // The router lays what a page has read over what the address said.
  const said = { jobs: ["job_1"], x: "sideways", all: true };
  expect({ ...said, ...compareSearch(said) }).toEqual({ all: true });
});

test("what is understood is taken as it is", () => {
  expect(some({ a: text("x"), b: text(3), c: oneOf("up", "down")("up") })).toEqual({ a: "x", c: "up" });
});
