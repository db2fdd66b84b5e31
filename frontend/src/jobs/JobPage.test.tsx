import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { makeJob, makeSeries, makeStudent } from "@/testing/make";
import { here, open } from "@/testing/open";
import { answer, list, server } from "@/testing/server";
import { Stream } from "@/testing/stream";

/** What the service has written down of the job so far. */
let events: { seq: number; type: string }[] = [];

beforeEach(() => {
  events = [];
  server.use(
    http.get("*/v1/jobs/job_1/events", ({ request }) => {
      const after = Number(new URL(request.url).searchParams.get("after"));
      return HttpResponse.json(list(events.filter(({ seq }) => seq > after)));
    }),
    answer("get", "/v1/jobs", list([])),
    answer("get", "/v1/students", list([])),
    answer("get", "/v1/runs", list([])),
    answer("get", "/v1/jobs/job_1/logs", list([])),
  );
});

const job = makeJob({ name: "birds, three sizes" });

/** Something happens: it is written down, and the tab's stream says so. */
function happens(type: string, seq: number, told: object) {
  events.push({ object: "event", type, seq, attempt: 1, created_at: "2026-01-01T10:00:00Z", ...told } as never);
  act(() => Stream.last?.changed({ last_event: seq }));
}

function serveJob(change: Partial<typeof job> = {}) {
  server.use(
    answer("get", "/v1/jobs/job_1", { ...job, ...change }),
    answer("get", "/v1/jobs/job_1/metrics", {
      object: "metrics",
      sampled: false,
      width: 1,
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

test("a job's page goes on from its snapshot and follows the stream", async () => {
  serveJob();
  await open("/jobs/job_1");
  expect(await screen.findByRole("heading", { name: "birds, three sizes" })).toBeVisible();
  const chart = () => screen.getByRole("figure");
  await waitFor(() => expect(chart()).toHaveAttribute("data-points", "2"));
  expect(Stream.last?.url).toContain("/v1/events");

  act(() => Stream.last?.hello());
  expect(screen.getByText("live")).toBeVisible();
  happens("metric", 11, { series: [{ student: "stu_1", name: "val/top1", step: [150], value: [0.7] }] });
  await waitFor(() => expect(chart()).toHaveAttribute("data-points", "3"));
  expect(chart()).toHaveAttribute("data-last-step", "150");
  expect(screen.getByText(/^70\.0\s%$/)).toBeVisible();

  happens("rewind", 12, { to_step: 50 });
  await waitFor(() => expect(chart()).toHaveAttribute("data-points", "1"));

  act(() => Stream.last?.onerror?.());
  expect(screen.getByText(/^reconnecting since/)).toBeVisible();
  events.push({ type: "metric", seq: 13, series: [{ student: "stu_1", name: "lr", step: [60], value: [1] }] } as never);
  events.push({ type: "rewind", seq: 14, to_step: 0 } as never);
  act(() => Stream.last?.hello());
  await waitFor(() => expect(screen.queryByRole("figure")?.dataset.points ?? "0").toBe("0"));
});

test("a job that ends is seen to end", async () => {
  serveJob();
  await open("/jobs/job_1");
  expect(await screen.findByText("running")).toBeVisible();
  serveJob({ status: "succeeded", available_actions: ["delete"], last_event: 12 });
  happens("status", 11, { status: "succeeded", phase: null, available_actions: ["delete"] });
  happens("done", 12, { status: "succeeded" });
  expect(await screen.findByText("succeeded")).toBeVisible();
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

test("a job with a long name is deleted under one word", async () => {
  serveJob({ status: "failed", available_actions: ["delete"], name: "endless ".repeat(6) });
  await open("/jobs/job_1");
  await userEvent.click(await screen.findByRole("button", { name: "Delete" }));
  const dialog = within(screen.getByRole("dialog"));
  await userEvent.type(dialog.getByRole("textbox"), "delete");
  expect(dialog.getByRole("button", { name: "Delete for good" })).toBeEnabled();
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
  const again = within(alert).getByRole("link", { name: "Change it and run again" });
  expect(again).toHaveAttribute("href", "/jobs/new?from=job_1");
});

const line = (seq: number, level: string, message: string) => ({
  object: "log",
  seq,
  attempt: 1,
  created_at: "2026-01-01T10:00:00Z",
  level,
  message,
});

test("the log is filtered by level and searched, all in the address", async () => {
  // A list that draws only what is seen asks how high it is, which jsdom does not know.
  vi.spyOn(Element.prototype, "clientHeight", "get").mockReturnValue(400);
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
  expect(await screen.findByText("1 hit")).toBeVisible();
  expect(screen.getByText("slow disk")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Only hits" }));
  await waitFor(() => expect(screen.queryByText("slow disk")).toBeNull());
  await userEvent.type(screen.getByLabelText("Search the log"), "{Enter}");
  expect(await screen.findByText("1 of 1")).toBeVisible();
  expect(here()).toBe("/jobs/job_1/log?level=warning&text=no&only=true&line=3");
});

test("what the training warns of stands above the figures, once, as soon as it is said", async () => {
  serveJob();
  await open("/jobs/job_1");
  expect(await screen.findByRole("heading", { name: "birds, three sizes" })).toBeVisible();
  expect(screen.queryByText("too few steps")).toBeNull();
  const said = [line(11, "warning", "too few steps"), line(12, "warning", "too few steps")];
  server.use(answer("get", "/v1/jobs/job_1/logs", list(said)));
  happens("log", 11, { level: "warning", message: "too few steps" });
  expect(await screen.findByText("too few steps")).toBeVisible();
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
