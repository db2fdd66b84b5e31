import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { act, render } from "@testing-library/react";
import { makeApp } from "@/router";

/** The whole dashboard at an address, with the service that the test has set up. */
export async function open(path: string): Promise<void> {
  history.replaceState(null, "", path);
  const { router, queryClient } = makeApp();
  queryClient.setDefaultOptions({ queries: { retry: false } });
  render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  await act(() => router.load());
}

export const here = () => location.pathname + location.search;

/** The browser's stream, by hand: the test says what comes. */
export class Stream extends EventTarget {
  static readonly CLOSED = 2;
  static last: Stream | null = null;
  readyState = 1;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(readonly url: string) {
    super();
    Stream.last = this;
  }

  send(type: string, data: object) {
    this.dispatchEvent(
      new MessageEvent(type, {
        data: JSON.stringify({ type, attempt: 1, created_at: "2026-01-01T10:00:00Z", ...data }),
      }),
    );
  }

  close() {
    this.readyState = Stream.CLOSED;
  }
}
