import { makeJob, makeStudent } from "@/testing/make";
import { type Standing, standingsOf } from "./groups";
import { helpedOf, shipping } from "./verdict";

function finished(...students: [name: string, parameters: number, top1: number][]): Standing[] {
  const groups = students.map(([name, , top1]) => ({
    name,
    role: "student" as const,
    seeds: 1,
    top1,
    top1_interval: [top1 - 0.01, top1 + 0.01],
    agreement: null,
    control: null,
    difference: null,
    gap_closed: null,
    gap_closed_reason: null,
  }));
  return standingsOf(
    makeJob({
      status: "succeeded",
      students: students.map(([name, parameters], i) => makeStudent({ id: `s${i}`, name, parameters })),
      result: { groups },
    }),
  );
}

test("the smallest within a point of the best is the one to ship", () => {
  expect(shipping(finished(["small", 100_000, 0.951], ["medium", 250_000, 0.956], ["large", 1_000_000, 0.96]))).toBe(
    "To ship: small is 0.9 points below it and 10.0 times smaller.",
  );
  expect(shipping(finished(["large", 150_000, 0.96], ["small", 100_000, 0.96]))).toBe(
    "To ship: small is as good and 1.5 times smaller.",
  );
});

test("a best that nothing smaller comes near is the one itself", () => {
  expect(shipping(finished(["small", 100_000, 0.9], ["large", 250_000, 0.96]))).toBe(
    "To ship: large. Nothing smaller comes within a point of it.",
  );
  expect(shipping(finished(["small", 100_000, 0.97], ["large", 250_000, 0.96]))).toBe(
    "To ship: small, the best and none is smaller.",
  );
});

test("no advice where there is no choice, or nothing final", () => {
  expect(shipping(finished(["small", 100_000, 0.9]))).toBeNull();
  const running = makeJob({
    students: [makeStudent({ metrics: { top1: 0.9 } }), makeStudent({ id: "s2", name: "b" })],
  });
  expect(shipping(standingsOf(running))).toBeNull();
});

test("whether distillation helped is said as the service judged it", () => {
  const judged = (helped: boolean | null, differences: number[] = [0.02]) =>
    makeJob({
      result: {
        verdict: { text: "It is over.", helped },
        groups: differences.map((value) => ({ difference: { value, interval: [value - 0.01, value + 0.01] } })),
      },
    });
  expect(helpedOf(judged(true))).toBe("Distillation helped.");
  expect(helpedOf(judged(true, [0.02, 0]))).toBe("Distillation helped at least one of its students.");
  expect(helpedOf(judged(false))).toBe("Distillation did not help.");
  expect(helpedOf(judged(null))).toBeNull();
  expect(helpedOf(makeJob({}))).toBeNull();
});
