import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import type { Problem } from "@/api/client";

/** Answers in place of the service; each test says what it needs. */
export const server = setupServer();

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
