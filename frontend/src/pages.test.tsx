import { cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { makeJob } from "./testing/make";
import { here, open } from "./testing/open";
import { answer, list, problem, server } from "./testing/server";

beforeEach(() => {
  server.use(
    answer("get", "/v1/jobs", list([])),
    answer("get", "/v1/students", list([])),
    answer("get", "/v1/runs", list([])),
  );
});

const job = makeJob({ name: "birds, three sizes" });

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
      return HttpResponse.json(list([job]));
    }),
  );
  await open("/jobs");
  await userEvent.click(await screen.findByRole("button", { name: /^failed/ }));
  await userEvent.click(screen.getByRole("link", { name: "Job" }));
  await userEvent.type(screen.getByLabelText("Search jobs by name"), "birds");
  await waitFor(() => expect(here()).toBe("/jobs?status=failed&sort=name&name=birds"));
  await waitFor(() => expect(asked).toContain("?sort=name&order=asc&status=failed&name=birds&limit=100"));
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
  expect(posted).toMatchObject([{ preset: "digits", dataset: "dst_1", students: [{ architecture: "resnet8x4" }] }]);
});

test("a sample that another browser left half-way can be continued, until its students exist", async () => {
  localStorage.clear();
  const teacher = makeJob({ id: "job_9", name: "digits: the teacher" });
  const jobs = [teacher];
  server.use(
    answer("get", "/v1/workers", list([])),
    answer("get", "/v1/teachers", list([])),
    answer("get", "/v1/jobs/job_9", teacher),
    http.get("*/v1/jobs", () => HttpResponse.json(list(jobs))),
  );
  await open("/");
  await userEvent.click(await screen.findByRole("button", { name: "Continue the sample" }));
  expect(await screen.findByText("Train a teacher on the digits")).toBeVisible();
  cleanup();

  localStorage.clear();
  jobs.push(makeJob({ id: "job_10", name: "digits: two sizes, three seeds" }));
  await open("/");
  expect(await screen.findAllByText("digits: two sizes, three seeds")).not.toHaveLength(0);
  expect(screen.queryByRole("button", { name: "Continue the sample" })).toBeNull();
});

test("an address that leads nowhere says so", async () => {
  await open("/nowhere");
  expect(await screen.findByRole("heading", { name: "No such page" })).toBeVisible();
});
