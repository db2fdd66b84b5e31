import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, test, vi } from "vitest";
import { useOnce } from "./useOnce";

const client = new QueryClient();
const wrapper = ({ children }: { children: ReactNode }) => (
  <QueryClientProvider client={client}>{children}</QueryClientProvider>
);

test("both clicks of a double click are one", async () => {
  const answers: (() => void)[] = [];
  const deed = vi.fn(() => new Promise<string>((resolve) => answers.push(() => resolve("made"))));
  const { result } = renderHook(() => useOnce<unknown>({ mutationFn: deed }), { wrapper });
  act(() => {
    result.current.mutate();
    result.current.mutate();
  });
  await waitFor(() => expect(deed).toHaveBeenCalledTimes(1));
  answers[0]?.();
  await waitFor(() => expect(result.current.data).toBe("made"));
  act(() => result.current.mutate());
  await waitFor(() => expect(deed).toHaveBeenCalledTimes(2));
});

test("what failed can be tried again", async () => {
  const deed = vi.fn().mockRejectedValue(new Error("no"));
  const { result } = renderHook(() => useOnce<unknown>({ mutationFn: deed }), { wrapper });
  act(() => result.current.mutate());
  await waitFor(() => expect(result.current.isError).toBe(true));
  act(() => result.current.mutate());
  await waitFor(() => expect(deed).toHaveBeenCalledTimes(2));
});
