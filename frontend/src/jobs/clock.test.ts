import { clockOf } from "./clock";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 10, 0, seconds)).toISOString();
const event = (seq: number, type: "progress" | "rewind", seconds: number, told: object) => ({
  object: "event" as const,
  seq,
  type,
  attempt: 1,
  created_at: at(seconds),
  ...told,
});
const job = (step: number, seconds: number) => ({
  created_at: at(0),
  started_at: at(5),
  progress: { percent: 0, step, epoch: 1, updated_at: at(seconds) },
});

test("every step that was told has its time, counted from the start", () => {
  const events = [event(4, "progress", 20, { step: 200 }), event(2, "progress", 10, { step: 100 })];
  expect(clockOf(events, job(250, 25))).toEqual({ step: [0, 100, 200, 250], seconds: [0, 5, 15, 20] });
});

test("what a rewind undid is forgotten: its steps were done again, later", () => {
  const events = [
    event(1, "progress", 10, { step: 100 }),
    event(2, "progress", 20, { step: 200 }),
    event(3, "rewind", 60, { to_step: 100 }),
    event(4, "progress", 70, { step: 180 }),
  ];
  expect(clockOf(events, job(180, 70))).toEqual({ step: [0, 100, 180], seconds: [0, 5, 65] });
});
