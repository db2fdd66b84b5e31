import createClient from "openapi-fetch";
import { service } from "./root";
import type { components, paths } from "./schema.gen";

export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];
export type Problem = Schema<"ProblemRead">;

/** The service's own client: same origin, signed in by a cookie that scripts cannot read. */
export const api = createClient<paths>({ baseUrl: service, fetch: (request) => globalThis.fetch(request) });

/** What the service refused, or that it could not be reached (status 0). */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly requestId: string | null = null,
    readonly code = "",
    /** For bad input: every place that is wrong, as JSON pointers into what was sent. */
    readonly places: readonly Schema<"ProblemPlace">[] = [],
  ) {
    super(detail || title);
  }
}

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The body of a good answer; an `ApiError` for every other. */
export async function take<Data>(request: Promise<Answer<Data>>): Promise<Data> {
  let answer: Answer<Data>;
  try {
    answer = await request;
  } catch (error) {
    if (error instanceof DOMException) throw error; // given up by the page itself
    throw new ApiError(0, "The service does not answer", "Check that it runs and that this machine can reach it.");
  }
  if (answer.response.ok) return answer.data as Data;
  const problem = (typeof answer.error === "object" ? answer.error : {}) as Partial<Problem>;
  throw new ApiError(
    answer.response.status,
    problem.title ?? `The service answered ${answer.response.status}`,
    problem.detail ?? "",
    answer.response.headers.get("X-Request-Id"),
    problem.code,
    problem.errors ?? [],
  );
}

export const isUnauthorized = (error: unknown): boolean => error instanceof ApiError && error.status === 401;
export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.status === 404;
