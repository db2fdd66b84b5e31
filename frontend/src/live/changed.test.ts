import { againAfter, type Changed, Statuses } from "./changed";

const change = (told: Partial<Changed> = {}): Changed => ({
  object: "job",
  id: "job_1",
  status: "running",
  last_event: 5,
  ...told,
});
const keys = (told: Changed, moved: boolean) => againAfter(told, moved).map(({ key }) => key.join("/"));

test("a job that only goes on touches itself and the lists of jobs", () => {
  expect(keys(change(), false)).toEqual(["jobs/job_1", "jobs/list"]);
});

test("a job that moved touches what is counted and what came out of it", () => {
  expect(keys(change({ status: "succeeded" }), true)).toEqual(
    expect.arrayContaining(["jobs/job_1", "jobs/list", "students", "counts", "runs"]),
  );
});

test("several at once, without an id, touch all of their kind", () => {
  expect(keys(change({ object: "dataset", id: null, status: null }), true)).toEqual(
    expect.arrayContaining(["datasets", "counts"]),
  );
});

test("a status that is known is no move; the first word of a job is one", () => {
  const statuses = new Statuses();
  expect(statuses.moved(change())).toEqual({ before: undefined, moved: true });
  expect(statuses.moved(change({ last_event: 6 }))).toEqual({ before: "running", moved: false });
  expect(statuses.moved(change({ status: "failed" }))).toEqual({ before: "running", moved: true });
  statuses.moved(change({ status: "deleted" }));
  expect(statuses.moved(change())).toEqual({ before: undefined, moved: true });
});
