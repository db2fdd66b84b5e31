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

/** What workers hold now, with the names that people know it by. */
export const busyQuery = queryOptions({
  queryKey: ["runs", "busy"] as const,
  queryFn: async ({ signal }) => {
    const query = { status: ["running", "pausing", "cancelling"] as Run["status"][], limit: 100 };
    const [runs, jobs] = await Promise.all([
      take(api.GET("/v1/runs", { params: { query }, signal })),
      take(api.GET("/v1/jobs", { params: { query }, signal })),
    ]);
    const names = new Map(jobs.data.map((job) => [job.id, job]));
    return runs.data.map((run) => ({ run, job: names.get(run.subject) ?? null }));
  },
  refetchInterval: 5_000,
});
export type Busy = Awaited<ReturnType<NonNullable<(typeof busyQuery)["queryFn"]>>>[number];
