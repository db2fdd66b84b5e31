import { segmentsOf, sharesOf } from "./segments";

const second = (n: number) => new Date(Date.UTC(2026, 0, 1, 10, 0, n)).toISOString();
const attempt = (n: number, from: number, to: number | null) => ({
  n,
  worker: "gpu-02",
  started_at: second(from),
  ended_at: to === null ? null : second(to),
  outcome: null,
  exit_code: null,
  signal: null,
  peak_memory: null,
  log_tail: null,
});
const phase = (name: string, from: number, to: number | null) => ({
  phase: name,
  message: "",
  started_at: second(from),
  ended_at: to === null ? null : second(to),
});
const shape = (segments: ReturnType<typeof segmentsOf>) =>
  segments.map(({ name, from, to }) => [name, (to - from) / 1000]);

test("a job waits, starts, goes through its phases, and is over", () => {
  const job = {
    created_at: second(0),
    finished_at: second(50),
    phase_history: [phase("loading", 11, 15), phase("training", 15, 49)],
  };
  const segments = segmentsOf(job, [attempt(1, 10, 50)], Date.parse(second(59)));
  expect(shape(segments)).toEqual([
    ["waiting", 10],
    ["starting", 1],
    ["loading", 4],
    ["training", 34],
    ["ending", 1],
  ]);
});

test("a lost attempt's phase ends with it, whatever its row says; until the next one the job waits", () => {
  const job = {
    created_at: second(0),
    finished_at: null,
    phase_history: [phase("training", 1, 30), phase("training", 30, null)],
  };
  const segments = segmentsOf(job, [attempt(2, 30, null), attempt(1, 1, 10)], Date.parse(second(40)));
  expect(shape(segments)).toEqual([
    ["waiting", 1],
    ["training", 9],
    ["waiting", 20],
    ["training", 10],
  ]);
  expect(sharesOf(segments)).toEqual([
    { name: "waiting", seconds: 21 },
    { name: "training", seconds: 19 },
  ]);
});

test("between its last attempt and its end a job does not wait for a slot", () => {
  const job = {
    created_at: second(0),
    finished_at: "2026-01-01T10:00:09.120Z",
    phase_history: [phase("training", 1, 9)],
  };
  const segments = segmentsOf(job, [attempt(1, 0, 9)], Date.parse(second(20)));
  expect(segments.map(({ name }) => name)).toEqual(["starting", "training"]);
});

test("what nobody has begun has only waited", () => {
  const job = { created_at: second(0), finished_at: null, phase_history: [] };
  expect(shape(segmentsOf(job, [], Date.parse(second(5))))).toEqual([["waiting", 5]]);
});
