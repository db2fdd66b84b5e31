import { groupsOf } from "@/jobs/groups";
import { makeJob, makeSeries, makeStudent } from "@/testing/make";
import { chosenOf } from "./chosen";
import { agreementLines, gapLines, gradientLines } from "./curves";

const students = [
  makeStudent({ id: "s0", seed: 0 }),
  makeStudent({ id: "s1", seed: 1 }),
  makeStudent({ id: "c0", name: "small control", role: "control", loss: "task", seed: 0 }),
  makeStudent({ id: "c1", name: "small control", role: "control", loss: "task", seed: 1 }),
];
const teacher = { top1: 0.9, top1_interval: [0.88, 0.92] };
const job = makeJob({ students, result: { teacher } });
const [group] = groupsOf(students);

test("the gap closed is drawn while the teacher stands clear of the control", () => {
  const curve = (id: string, ...values: number[]) =>
    makeSeries(
      id,
      "val/top1",
      values.map((value, i) => [10 * (i + 1), value]),
    );
  const series = [
    curve("s0", 0.5, 0.8, 0.9),
    curve("s1", 0.5, 0.84, 0.9),
    curve("c0", 0.5, 0.74, 0.89),
    curve("c1", 0.5, 0.74, 0.89),
  ];
  const [line, ...others] = gapLines(job, series);
  expect(others).toEqual([]);
  expect(line?.step).toEqual([10, 20]);
  expect(line?.value[0]).toBe(0);
  expect(line?.value[1]).toBeCloseTo(0.5);
});

test("what the student copies is split by whether the teacher is right", () => {
  const series = ["agreement", "agreement_teacher_wrong", "agreement_teacher_right"].flatMap((name, i) =>
    ["s0", "s1"].map((id) => makeSeries(id, `val/${name}`, [[10, i / 10]])),
  );
  expect(agreementLines(group as never, series).map((line) => [line.name, line.value])).toEqual([
    ["where it is right", [0.2]],
    ["on all images", [0]],
    ["where it is wrong", [0.1]],
  ]);
});

test("the labels' share in the gradient comes first and grey, the teacher's terms gold", () => {
  const series = ["inter", "task", "intra"].flatMap((term, i) =>
    ["s0", "s1", "c0"].map((id) => makeSeries(id, `gradient/${term}`, [[10, i / 10]])),
  );
  const lines = gradientLines(group as never, series);
  expect(lines.map((line) => line.name)).toEqual(["labels", "inter", "intra"]);
  expect(lines[0]?.color).toBe("var(--control)");
  expect(lines[1]?.color).toBe("var(--teacher)");
});

test("the wanted student with the control of its own seed; else the first of those that lead", () => {
  const standing = (top1: number) => ({ group, top1 }) as never;
  expect(chosenOf([standing(0.9)], "s1")).toMatchObject({ member: { id: "s1" }, control: { id: "c1" } });
  expect(chosenOf([standing(0.9)], "somebody")).toMatchObject({ member: { id: "s0" }, control: { id: "c0" } });
  expect(chosenOf([], undefined)).toBeNull();
});
