import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import type { Problem } from "@/api/client";
import type { Counts } from "@/shell/counts";

export const answer = (method: "get" | "post" | "delete", path: string, body: unknown, status = 200) =>
  http[method](`*${path}`, () =>
    status === 204 ? new HttpResponse(null, { status }) : HttpResponse.json(body as object, { status }),
  );

export const list = (data: unknown[], next: string | null = null) => ({
  object: "list",
  data,
  has_more: next !== null,
  next,
});

export const problem = (status: number, title: string, detail: string): Problem => ({
  type: "about:blank",
  code: "a_code",
  title,
  status,
  detail,
  instance: "/",
  request_id: "req_1",
});

/** Nothing is there yet. */
export const counts = (change: Partial<Counts> = {}): Counts => ({
  object: "counts",
  jobs: { queued: 0, running: 0, pausing: 0, paused: 0, cancelling: 0, succeeded: 0, failed: 0, cancelled: 0 },
  students: 0,
  teachers: 0,
  datasets: 0,
  workers: 0,
  ...change,
});

/** Answers in place of the service: what the shell asks on every page; each test says what else it needs. */
export const server = setupServer(answer("get", "/v1/counts", counts()));
