import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";

export type Worker = Schema<"WorkerRead">;
export type Run = Schema<"RunRead">;

export const workersQuery = (after?: string) =>
  queryOptions({
    queryKey: ["workers", after] as const,
    queryFn: ({ signal }) => take(api.GET("/v1/workers", { params: { query: after ? { after } : {} }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  });
