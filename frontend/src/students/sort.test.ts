import type { Student } from "./queries";
import { sorted } from "./sort";

const student = (label: string, change: Partial<Student> = {}) => ({ label, metrics: {}, ...change }) as Student;
const names = (rows: readonly Student[]) => rows.map((row) => row.label).join("");
const rows = [
  student("b", { bytes: 300, metrics: { top1: 0.9 } }),
  student("a", { bytes: null }),
  student("c", { bytes: 100, metrics: { top1: 0.8, test: { top1: 0.95, top1_interval: [0.9, 1], top5: 1 } } }),
];

test("students are sorted; without a value they come last in both orders", () => {
  expect(names(sorted(rows, undefined, "asc"))).toBe("bac");
  expect(names(sorted(rows, "label", "desc"))).toBe("cba");
  expect(names(sorted(rows, "bytes", "asc"))).toBe("cba");
  expect(names(sorted(rows, "bytes", "desc"))).toBe("bca");
});

test("accuracy is what the test part says, where there is one", () => {
  expect(names(sorted(rows, "top1", "desc"))).toBe("cba");
});
