import { renderHook, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { useOpinion } from "./preview";

test("a service that did not answer is asked again until it does", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 100 });
  const answers = [
    () => Promise.reject(new TypeError("Failed to fetch")),
    () => Promise.resolve(Response.json({ students: [], warnings: [] })),
  ];
  const fetch = vi.spyOn(globalThis, "fetch").mockImplementation(() => (answers.shift() ?? answers[0])?.() as never);
  const { result } = renderHook(() => useOpinion({ name: "x" }, ""));
  await waitFor(() => expect(result.current?.failure?.status).toBe(0));
  await vi.advanceTimersByTimeAsync(2_500);
  await waitFor(() => expect(result.current?.preview).toBeTruthy());
  expect(result.current?.failure).toBe(null);
  expect(fetch).toHaveBeenCalledTimes(2);
  fetch.mockRestore();
  vi.useRealTimers();
});
