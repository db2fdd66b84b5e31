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
