import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { makeJob, makeSeries, makeStudent } from "./testing/make";
import { here, open, Stream } from "./testing/open";
import { answer, list, problem, server } from "./testing/server";

beforeEach(() => {
  vi.stubGlobal("EventSource", Stream);
  server.use(
    answer("get", "/v1/jobs", list([])),
    answer("get", "/v1/students", list([])),
    answer("get", "/v1/runs", list([])),
  );
});

const job = makeJob({ name: "birds, three sizes" });

function serveJob(change: Partial<typeof job> = {}) {
  server.use(
    answer("get", "/v1/jobs/job_1", { ...job, ...change }),
    answer("get", "/v1/jobs/job_1/metrics", {
      object: "metrics",
      sampled: false,
      last_event: 10,
      series: [
        makeSeries("stu_1", "val/top1", [
          [50, 0.5],
          [100, 0.6],
        ]),
      ],
    }),
  );
}

test("who is not signed in goes to the door and comes back to where they were", async () => {
  let signedIn = false;
  server.use(
    http.get("*/v1/jobs", () =>
      signedIn
        ? HttpResponse.json(list([job]))
        : HttpResponse.json(problem(401, "Unauthorized", "Send a key."), { status: 401 }),
    ),
    http.post("*/v1/sessions", async ({ request }) => {
      expect(await request.json()).toEqual({ key: "dkd_secret" });
      signedIn = true;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  await open("/jobs?status=running");
  await userEvent.type(await screen.findByLabelText("Key"), " dkd_secret ");
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
  await waitFor(() => expect(here()).toBe("/jobs?status=running"));
  expect(await screen.findByText("birds, three sizes")).toBeVisible();
});

test("a wrong key is told in the service's words", async () => {
  server.use(answer("post", "/v1/sessions", problem(401, "Unauthorized", "This key is unknown."), 401));
  await open("/login");
  await userEvent.type(screen.getByLabelText("Key"), "nonsense");
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("This key is unknown.");
});

test("the filter of the jobs stands in the address and reaches the service", async () => {
  const asked: string[] = [];
  server.use(
    http.get("*/v1/jobs", ({ request }) => {
      asked.push(new URL(request.url).search);
      return HttpResponse.json(list([job], "job_0"));
    }),
  );
  await open("/jobs");
  await userEvent.click(await screen.findByRole("link", { name: "failed" }));
  await userEvent.type(screen.getByLabelText("Search jobs by name"), "birds");
  await waitFor(() => expect(here()).toBe("/jobs?status=failed&name=birds"));
  await waitFor(() => expect(asked).toContain("?status=failed&name=birds"));
  await userEvent.click(screen.getByRole("link", { name: "Older" }));
  await waitFor(() => expect(asked).toContain("?status=failed&name=birds&after=job_0"));
});

test("an error of a list is shown with its request, and asked again on demand", async () => {
  let broken = true;
  server.use(
    http.get("*/v1/workers", () =>
      broken
        ? HttpResponse.json(problem(503, "The database is away", "Try later."), {
            status: 503,
            headers: { "X-Request-Id": "req_7" },
          })
        : HttpResponse.json(list([])),
    ),
  );
  await open("/workers");
  expect(await screen.findByRole("alert")).toHaveTextContent("The database is away");
  expect(screen.getByRole("alert")).toHaveTextContent("req_7");
  broken = false;
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText(/No worker has ever reported/)).toBeVisible();
});

test("a job's page goes on from its snapshot and follows the stream", async () => {
  serveJob();
  await open("/jobs/job_1");
  expect(await screen.findByRole("heading", { name: "birds, three sizes" })).toBeVisible();
  await waitFor(() => expect(Stream.last?.url).toContain("/v1/jobs/job_1/events?after=10"));
  const chart = () => screen.getByRole("figure");
  expect(chart()).toHaveAttribute("data-points", "2");

  act(() => Stream.last?.onopen?.());
  expect(screen.getByText("live")).toBeVisible();
  act(() =>
    Stream.last?.send("metric", {
      seq: 11,
      series: [{ student: "stu_1", name: "val/top1", step: [150], value: [0.7] }],
    }),
  );
  await waitFor(() => expect(chart()).toHaveAttribute("data-points", "3"));
  expect(chart()).toHaveAttribute("data-last-step", "150");
  expect(screen.getByText(/^70\.0\s%$/)).toBeVisible();

  act(() => Stream.last?.send("rewind", { seq: 12, to_step: 50 }));
  await waitFor(() => expect(chart()).toHaveAttribute("data-points", "1"));

  act(() => Stream.last?.onerror?.());
  expect(screen.getByText("reconnecting")).toBeVisible();
});

test("the stream ends with the job", async () => {
  serveJob();
  await open("/jobs/job_1");
  await waitFor(() => expect(Stream.last?.readyState).toBe(1));
  serveJob({ status: "succeeded", available_actions: ["delete"], last_event: 12 });
  act(() => {
    Stream.last?.send("status", { seq: 11, status: "succeeded", phase: null, available_actions: ["delete"] });
    Stream.last?.send("done", { seq: 12, status: "succeeded" });
  });
  expect(await screen.findByText("succeeded")).toBeVisible();
  expect(Stream.last?.readyState).toBe(Stream.CLOSED);
  expect(screen.getByRole("button", { name: "Delete" })).toBeVisible();
});

test("only what the service offers can be asked; cancelling asks back", async () => {
  serveJob({ available_actions: ["cancel"] });
  const asked: string[] = [];
  server.use(
    http.post("*/v1/jobs/job_1/:action", ({ params }) => {
      asked.push(String(params.action));
      return HttpResponse.json({ ...job, status: "cancelling", available_actions: [] }, { status: 202 });
    }),
  );
  await open("/jobs/job_1");
  await userEvent.click(await screen.findByRole("button", { name: "Cancel" }));
  expect(screen.queryByRole("button", { name: "Pause" })).toBeNull();
  expect(asked).toEqual([]);
  await userEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Cancel the job" }));
  await waitFor(() => expect(asked).toEqual(["cancel"]));
  expect(await screen.findByText("cancelling")).toBeVisible();
});

test("a job is deleted only under its name", async () => {
  serveJob({ status: "failed", available_actions: ["retry", "delete"] });
  let deleted = false;
  server.use(
    http.delete("*/v1/jobs/job_1", () => {
      deleted = true;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  await open("/jobs/job_1");
  await userEvent.click(await screen.findByRole("button", { name: "Delete" }));
  const dialog = within(screen.getByRole("dialog"));
  const sure = dialog.getByRole("button", { name: "Delete for good" });
  expect(sure).toBeDisabled();
  await userEvent.type(dialog.getByRole("textbox"), "birds, three sizes");
  await userEvent.click(sure);
  await waitFor(() => expect(deleted).toBe(true));
  await waitFor(() => expect(here()).toBe("/jobs"));
});

test("a failure is a sentence with its way out", async () => {
  const error = {
    code: "teacher_at_chance",
    title: "The teacher guesses",
    detail: "It is at chance.",
    hint: "Reorder its classes.",
    retryable: false,
    errors: [],
  };
  serveJob({ status: "failed", error });
  await open("/jobs/job_1");
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("The teacher guesses");
  expect(alert).toHaveTextContent("Reorder its classes.");
});

test("the log is filtered by level and text, both in the address", async () => {
  const line = (seq: number, level: string, message: string) => ({
    object: "log",
    seq,
    attempt: 1,
    created_at: "2026-01-01T10:00:00Z",
    level,
    message,
  });
  serveJob();
  server.use(
    answer(
      "get",
      "/v1/jobs/job_1/logs",
      list([line(1, "info", "epoch 1"), line(2, "warning", "slow disk"), line(3, "error", "no disk")]),
    ),
  );
  await open("/jobs/job_1/log?level=warning");
  expect(await screen.findByText("slow disk")).toBeVisible();
  expect(screen.queryByText("epoch 1")).toBeNull();
  await userEvent.type(screen.getByLabelText("Search the log"), "no");
  await waitFor(() => expect(screen.queryByText("slow disk")).toBeNull());
  expect(screen.getByText("no disk")).toBeVisible();
  expect(here()).toBe("/jobs/job_1/log?level=warning&text=no");
});

test("before the first job there is an invitation; the button begins the sample", async () => {
  const posted: Record<string, unknown>[] = [];
  server.use(
    answer("get", "/v1/workers", list([])),
    answer("get", "/v1/datasets", list([])),
    answer("get", "/v1/teachers", list([])),
    answer("post", "/v1/datasets", { id: "dst_1", status: "ready" }, 201),
    answer("get", "/v1/jobs/job_9", makeJob({ id: "job_9", name: "digits: the teacher" })),
    http.post("*/v1/jobs", async ({ request }) => {
      posted.push((await request.json()) as Record<string, unknown>);
      expect(request.headers.get("idempotency-key")).toBeTruthy();
      return HttpResponse.json(makeJob({ id: "job_9" }), { status: 201 });
    }),
  );
  await open("/");
  await userEvent.click(await screen.findByRole("button", { name: /Distil the sample/ }));
  expect(await screen.findByText("Train a teacher on the digits")).toBeVisible();
  expect(posted).toMatchObject([{ preset: "digits", dataset: "dst_1", teacher: null }]);
});

test("a student whose training diverged says so on its card", async () => {
  const failed = makeStudent({
    id: "stu_2",
    seed: 1,
    status: "failed",
    error: { detail: "loss/inter is not finite at step 40" },
  });
  serveJob({ students: [makeStudent(), failed] });
  await open("/jobs/job_1");
  expect(await screen.findByText(/loss\/inter is not finite at step 40/)).toBeVisible();
});

test("an address that leads nowhere says so", async () => {
  await open("/nowhere");
  expect(await screen.findByRole("heading", { name: "No such page" })).toBeVisible();
});
