import { grouped } from "./groups";
import { type Item, ranked, score } from "./items";
import { type Recent, remember, subject } from "./recent";

const item = (title: string, also = ""): Item => ({ id: title, title, also, run: () => undefined });
const titles = (items: readonly Item[]) => items.map(({ title }) => title);

test("the closer an answer is, the earlier it stands", () => {
  const all = ["rebirds", "three birds", "birds-200", "birds", "nothing of it"].map((title) => item(title));
  expect(titles(ranked(all, "birds"))).toEqual(["birds", "birds-200", "three birds", "rebirds"]);
});

test("accents and capitals do not matter, nor the order of words, nor what is left out", () => {
  expect(score("Überblick", "uber")).toBeGreaterThan(0);
  expect(score("digits, three sizes", "sizes digits")).toBeGreaterThan(0);
  expect(score("New distillation", "nwd")).toBeGreaterThan(0);
  expect(score("small", "resnet", "cifar/resnet8")).toBeGreaterThan(0);
  expect(score("small", "zebra")).toBe(0);
});

test("what was typed is text, not a pattern", () => {
  expect(score("a job", ".*")).toBe(0);
  expect(score("a (job)", "(job")).toBeGreaterThan(0);
});

test("without a text everything stands as it came; equals stay in their order", () => {
  const all = ["b", "a", "c"].map((title) => item(title));
  expect(titles(ranked(all, " "))).toEqual(["b", "a", "c"]);
});

test("groups: each thing once, the best answer first, the empty ones left out", () => {
  const groups = [
    { name: "Recent", items: [item("two birds")] },
    { name: "Jobs", items: [item("two birds"), item("birds")] },
    { name: "Go to", items: [item("Workers")] },
  ];
  expect(grouped(groups, "birds").map(({ name, items }) => [name, ...titles(items)])).toEqual([
    ["Jobs", "birds"],
    ["Recent", "two birds"],
  ]);
  expect(grouped(groups, "").map(({ name }) => name)).toEqual(["Recent", "Jobs", "Go to"]);
});

test("what was looked at last comes first, once, under its newest name", () => {
  const job = (id: string, name = id): Recent => ({ kind: "jobs", id, name });
  let recent: readonly Recent[] = [];
  for (const id of ["a", "b", "a"]) recent = remember(job(id), recent);
  expect(recent.map(({ id }) => id)).toEqual(["a", "b"]);
  recent = remember(job("b", "renamed"), recent);
  expect(recent[0]).toEqual(job("b", "renamed"));
  for (let i = 0; i < 20; i++) recent = remember(job(`n${i}`), recent);
  expect(recent).toHaveLength(8);
});

test("a page is about one thing, or about none", () => {
  expect(subject("/jobs/job_1/charts")).toEqual({ kind: "jobs", id: "job_1" });
  expect(subject("/jobs/new")).toBeNull();
  expect(subject("/workers")).toBeNull();
});
