import { makeJob, makeSeries, makeStudent } from "@/testing/make";
import { groupsOf, leader, standingsOf, teacherOf } from "./groups";
import { linesOf } from "./lines";
import { verdictOf } from "./verdict";

const cast = [
  makeStudent({ id: "s0", seed: 0 }),
  makeStudent({ id: "s1", seed: 1 }),
  makeStudent({ id: "kd", name: "kd", loss: "kd" }),
  makeStudent({ id: "big", name: "big", architecture: "cifar/resnet14", parameters: 175_000 }),
  makeStudent({ id: "c0", name: "small control", role: "control", loss: "task", seed: 0 }),
  makeStudent({ id: "c1", name: "small control", role: "control", loss: "task", seed: 1 }),
];
const teacher = { architecture: "cifar/resnet20", parameters: 272_474, top1: 0.98, top1_interval: [0.97, 0.99] };
const series = [
  makeSeries("s0", "val/top1", [
    [10, 0.5],
    [20, 0.9],
  ]),
  makeSeries("s1", "val/top1", [
    [10, 0.6],
    [20, 0.94],
  ]),
  makeSeries("c0", "val/top1", [
    [10, 0.4],
    [20, 0.88],
  ]),
  makeSeries("c1", "val/top1", [
    [10, 0.4],
    [20, 0.88],
  ]),
];

test("students of one name are one group over their seeds, each with its own colour", () => {
  const groups = groupsOf(cast);
  expect(groups.map((g) => [g.name, g.hue, g.members.length])).toEqual([
    ["small", 0, 2],
    ["kd", 1, 1],
    ["big", 2, 1],
  ]);
});

test("a student that shares its network shares its control; one of another network has none", () => {
  const [small, kd, big] = groupsOf(cast);
  expect(small?.controls.map((c) => c.id)).toEqual(["c0", "c1"]);
  expect(kd?.controls.map((c) => c.id)).toEqual(["c0"]);
  expect(big?.controls).toEqual([]);
});

test("so far: the mean of the last points, against the control, towards the teacher", () => {
  const job = makeJob({ students: cast, result: { teacher } });
  const [small] = standingsOf(job, series);
  expect(small?.top1).toBeCloseTo(0.92);
  expect(small?.difference).toBeCloseTo(0.04);
  expect(small?.gapClosed).toBeCloseTo(0.4);
  expect(small?.final).toBe(false);
});

test("no share of a gap while the teacher is not clear of the control", () => {
  const close = { ...teacher, top1: 0.89, top1_interval: [0.86, 0.92] };
  const [small] = standingsOf(makeJob({ students: cast, result: { teacher: close } }), series);
  expect(small?.gapClosed).toBeNull();
});

test("a student that failed does not hold back the mean of the others", () => {
  const students = cast.map((one) => (one.id === "s1" ? { ...one, status: "failed" as const } : one));
  const [small] = standingsOf(makeJob({ students }), series);
  expect(small?.top1).toBeCloseTo(0.9);
});

test("at the end the service's own figures hold, on the split they were measured on", () => {
  const groups = [
    {
      name: "small",
      role: "student",
      seeds: 2,
      top1: 0.91,
      top1_interval: [0.9, 0.92],
      agreement: 0.95,
      control: { top1: 0.9, top1_interval: [0.89, 0.91] },
      difference: { value: 0.01, interval: [-0.01, 0.03] },
      gap_closed: null,
      gap_closed_reason: "not clear",
    },
  ];
  const test_ = { top1: 0.97, top1_interval: [0.96, 0.98] };
  const result = { teacher: { ...teacher, test: test_ }, evaluated_on: "test", groups };
  const job = makeJob({ students: cast.slice(0, 2), status: "succeeded", result });
  expect(standingsOf(job, series)[0]).toMatchObject({ top1: 0.91, control: 0.9, gapReason: "not clear", final: true });
  expect(teacherOf(job)?.top1).toBe(0.97);
});

test("the verdict so far names the leader, the distance and the size", () => {
  const job = makeJob({ students: cast.filter((s) => s.name.startsWith("small")), result: { teacher } });
  const standings = standingsOf(job, series);
  const verdict = verdictOf(job, standings, teacherOf(job));
  expect(leader(standings)?.group.name).toBe("small");
  expect(verdict?.text).toBe(
    "small is at 92.0\u202f%, 6.0 points below its teacher and 3.5 times smaller (78.0\u202fk).",
  );
  expect(verdict?.detail).toBe("Ahead of the same network without a teacher, so far.");
});

// The same table as in tests/training/test_figures.py: so far and at the end a size is told in the same words.
test.each([
  [272_474, 78_042, "3.5 times smaller"],
  [1_000, 64, "15.6 times smaller"],
  [105, 100, "1.1 times smaller"],
  [102, 100, "of the same size"],
  [50, 100, "2.0 times larger"],
])("beside a teacher of %i parameters one of %i is %s", (its, own, words) => {
  const students = [makeStudent({ id: "s0", parameters: own })];
  const job = makeJob({ students, result: { teacher: { ...teacher, parameters: its } } });
  const verdict = verdictOf(job, standingsOf(job, series), teacherOf(job));
  expect(verdict?.text).toContain(`, 8.0 points below its teacher and ${words} (`);
});

test("an interval over two pairs of student and control says nothing, however many seeds there are", () => {
  const interval = [-0.01, 0.03];
  const told = { name: "small", role: "student", top1: 0.91, top1_interval: [0.9, 0.92], agreement: 0.95 };
  const rest = { control: null, difference: { value: 0.01, interval }, gap_closed: null, gap_closed_reason: "" };
  const shown = (seeds: number, failed: string[]) => {
    const of = Array.from({ length: seeds }, (_, seed) => [
      makeStudent({ id: `s${seed}`, seed }),
      makeStudent({ id: `c${seed}`, name: "small control", role: "control", loss: "task", seed }),
    ]).flat();
    const students = of.map((one) => (failed.includes(one.id) ? { ...one, status: "failed" as const } : one));
    const groups = [{ ...told, ...rest, seeds: seeds - failed.filter((id) => id.startsWith("s")).length }];
    const [small] = standingsOf(makeJob({ students, status: "succeeded", result: { groups } }));
    return [small?.interval, small?.differenceInterval];
  };
  expect(shown(3, [])).toEqual([told.top1_interval, interval]);
  expect(shown(2, [])).toEqual([null, null]);
  expect(shown(3, ["c2"])).toEqual([told.top1_interval, null]); // three seeds, two pairs
  expect(shown(2, ["c1"])).toEqual([null, interval]); // two seeds, one pair: over its images
  expect(shown(3, ["s0", "c1"])).toEqual([null, interval]);
});

test("the service's verdict is told as it is, its first sentence first", () => {
  const verdict = {
    text: "small leads with 91.0% top-1 on test. Distillation did not help beyond the noise.",
    helped: false,
  };
  const told = verdictOf(makeJob({ result: { verdict, evaluated_on: "test" } }), [], null);
  expect(told).toMatchObject({
    text: "small leads with 91.0\u202f% top\u20111 on test.",
    detail: "Distillation did not help beyond the noise.",
    helped: false,
  });
});

test("a chart draws the mean, the seeds behind it, and the control once", () => {
  const job = makeJob({ students: cast });
  const lines = linesOf(job, series, "val/top1");
  expect(lines.map((line) => [line.kind, line.name])).toEqual([
    ["thin", "small"],
    ["thin", "small"],
    ["solid", "small"],
    ["dotted", "small control"],
  ]);
  expect(lines[2]?.value.map((value) => value.toFixed(3))).toEqual(["0.550", "0.920"]);
});

test("before there is a result the teacher is known from its curve", () => {
  expect(teacherOf(makeJob(), [makeSeries(null, "teacher/top1", [[0, 0.97]])])).toMatchObject({ top1: 0.97 });
  expect(teacherOf(makeJob())).toBeNull();
});
