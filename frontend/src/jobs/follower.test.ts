import { QueryClient } from "@tanstack/react-query";
import { HttpResponse, http } from "msw";
import { makeJob, makeSeries } from "@/testing/make";
import { server } from "@/testing/server";
import { Follower } from "./follower";
import { type Job, jobKeys, type LogLine, type Metrics } from "./queries";

const ID = "job_1";
const PAGE = 3;

interface Told {
  seq: number;
  type: string;
  [field: string]: unknown;
}

/** The service with some events, which gives them in small pages; and a cache that has seen the first ten. */
function setUp(events: Told[]) {
  const asked: number[] = [];
  server.use(
    http.get(`*/v1/jobs/${ID}/events`, ({ request }) => {
      const query = new URL(request.url).searchParams;
      const after = Number(query.get("after"));
      const types = query.getAll("types");
      asked.push(after);
      const left = events.filter(({ seq, type }) => seq > after && (types.length === 0 || types.includes(type)));
      const data = left.slice(0, PAGE);
      const next = left.length > PAGE ? String(data.at(-1)?.seq) : null;
      return HttpResponse.json({ object: "list", data, has_more: next !== null, next });
    }),
  );
  const client = new QueryClient();
  client.setQueryData<Job>(jobKeys.one(ID), makeJob({ last_event: 10 }));
  client.setQueryData<Metrics>(jobKeys.metrics(ID), {
    object: "metrics",
    sampled: false,
    width: 1,
    last_event: 10,
    series: [makeSeries(null, "lr", [[10, 1]])],
  });
  const again: string[] = [];
  const follower = new Follower(client, ID, (key) => again.push(key.join("/")));
  const steps = () => client.getQueryData<Metrics>(jobKeys.metrics(ID))?.series[0]?.step;
  const seen = () => client.getQueryData<Job>(jobKeys.one(ID))?.last_event;
  return { client, follower, asked, again, steps, seen };
}

const event = (seq: number, type: string, more: object = {}): Told => ({
  seq,
  type,
  attempt: 1,
  created_at: "",
  ...more,
});
const point = (seq: number) =>
  event(seq, "metric", { series: [{ student: null, name: "lr", step: [seq], value: [1] }] });
const line = (seq: number) => event(seq, "log", { level: "info", message: `line ${seq}` });

test("everything that is missing is fetched, page after page, once", async () => {
  const { follower, asked, steps, seen } = setUp([11, 12, 13, 14, 15].map(point));
  follower.announced(15);
  follower.announced(15);
  await vi.waitFor(() => expect(seen()).toBe(15));
  expect(steps()).toEqual([10, 11, 12, 13, 14, 15]);
  expect(asked.slice(0, 2)).toEqual([10, 13]);
});

test("what is known already is not asked for", async () => {
  const { follower, asked } = setUp([]);
  follower.announced(10);
  follower.check();
  expect(asked).toEqual([]);
});

test("an answer that is newer or older than the curves beside it is made even with them", async () => {
  const { client, follower, steps, seen } = setUp([point(11), point(12)]);
  client.setQueryData<Job>(jobKeys.one(ID), makeJob({ last_event: 12 }));
  follower.check();
  await vi.waitFor(() => expect(steps()).toEqual([10, 11, 12]));
  client.setQueryData<Job>(jobKeys.one(ID), makeJob({ last_event: 10 })); // it was on its way for long
  follower.check();
  await vi.waitFor(() => expect(seen()).toBe(12));
  expect(steps()).toEqual([10, 11, 12]);
});

test("lines that were written while the log was on its way are not missed", async () => {
  const { client, follower, seen } = setUp([line(11), point(12), line(13), line(14)]);
  client.setQueryData<Job>(jobKeys.one(ID), makeJob({ last_event: 13 }));
  client.setQueryData<LogLine[]>(jobKeys.log(ID), []);
  follower.announced(14);
  await vi.waitFor(() => expect(seen()).toBe(14));
  expect(client.getQueryData<LogLine[]>(jobKeys.log(ID))?.map(({ seq }) => seq)).toEqual([11, 13, 14]);
});

test("what a frame only announces is asked for again", async () => {
  const { follower, again, seen } = setUp([event(11, "checkpoint"), event(12, "status", { status: "succeeded" })]);
  follower.announced(12);
  await vi.waitFor(() => expect(seen()).toBe(12));
  expect(again).toEqual(["jobs/job_1/checkpoints", "jobs/job_1", "jobs/job_1/students", "jobs/job_1/runs"]);
});
