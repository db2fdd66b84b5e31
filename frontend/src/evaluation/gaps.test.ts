import { axisOf, countsOf, found, gapsOf, kindOf, moreOften, ordered, tally } from "./gaps";
import type { Disagreement, Evaluation } from "./queries";

const judged = { top1: 0.7, top1_interval: [0.6, 0.8], top5: 0.9, nll: 1, ece: 0.1, calibration: [] };

function make(classes: [string, number | null, number | null][], change: Partial<Evaluation> = {}): Evaluation {
  return {
    id: "stu_1",
    object: "evaluation",
    dataset: "dst_1",
    split: "val",
    splits: ["val"],
    count: 10 * classes.length,
    student: judged,
    teacher: { ...judged, top1: 0.8 },
    agreement: 0.75,
    agreement_teacher_right: 0.85,
    agreement_teacher_wrong: 0.35,
    kl: 0.1,
    inter: 0.9,
    intra: 0.9,
    classes: classes.map(([name, top1, teacher_top1], index) => ({
      index,
      name,
      count: top1 === null ? 0 : 10,
      top1,
      top1_interval: null,
      teacher_top1,
      agreement: null,
    })),
    confusions: [],
    confusions_left_out: 0,
    ...change,
  };
}

const four = make([
  ["gull", 0.5, 0.9],
  ["Crow", 0.9, 0.7],
  ["tern", 0.6, 0.6],
  ["wren", 0.1, 0.3],
  ["nobody", null, null],
]);
const names = (order: "behind" | "ahead" | "hardest") => ordered(gapsOf(four), order).map((one) => one.name);

test("the largest gap comes first; classes without images and level ones are behind nobody", () => {
  expect(names("behind")).toEqual(["gull", "wren"]);
  expect(names("ahead")).toEqual(["Crow"]);
  expect(names("hardest")).toEqual(["wren", "gull", "tern", "Crow"]);
  expect(tally(gapsOf(four))).toEqual({ behind: 2, level: 1, ahead: 1 });
});

test("of equal gaps the harder class comes first, whatever the last bit of a share says", () => {
  const even = make([
    ["easy", 0.7, 0.9],
    ["hard", 0.1, 0.3],
    ["middle", 0.1 + 0.2, 0.5],
  ]);
  expect(ordered(gapsOf(even), "behind").map((one) => one.name)).toEqual(["hard", "middle", "easy"]);
});

test("a control's accuracy stands beside, by the class's index", () => {
  const control = make([
    ["gull", 0.4, 0.9],
    ["Crow", 0.8, 0.7],
  ]);
  expect(gapsOf(four, control).map((one) => one.control)).toEqual([0.4, 0.8, null, null]);
});

test("a class is found by a part of its name in any case", () => {
  expect(found(gapsOf(four), " CRO ").map((one) => one.name)).toEqual(["Crow"]);
  expect(found(gapsOf(four), "")).toHaveLength(4);
});

test("the shared axis holds everybody and ends at 100 %", () => {
  expect(axisOf(gapsOf(four))).toEqual([0.1, 1]);
  expect(axisOf(gapsOf(make([["gull", 0.97, 0.99]])))).toEqual([0.8, 1]);
});

test("only what the student confuses more often than its teacher, by how much", () => {
  const confusions = [
    { label: 0, predicted: 1, count: 9, teacher: 8 },
    { label: 1, predicted: 0, count: 5, teacher: 5 },
    { label: 2, predicted: 0, count: 4, teacher: 0 },
    { label: 3, predicted: 0, count: 1, teacher: 2 },
  ];
  expect(moreOften(confusions).map(({ label, more }) => [label, more])).toEqual([
    [2, 4],
    [0, 1],
  ]);
});

test("the shares tell how many images of each kind there are", () => {
  // Of 100: the teacher is right on 80, the student with it on 68 of them; the student is right on 2 others.
  const counts = countsOf({ ...four, count: 100 });
  expect(counts).toEqual({ teacher: 12, student: 2, neither: 11 });
  expect(countsOf({ ...four, teacher: null })).toBeNull();
});

test("who is right where they differ", () => {
  const one = (student: number, teacher: number | null) => ({ label: 1, student, teacher }) as Disagreement;
  expect([one(2, 1), one(1, 2), one(2, 3), one(2, null)].map(kindOf)).toEqual([
    "teacher",
    "student",
    "neither",
    "neither",
  ]);
});
