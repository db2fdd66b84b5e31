import { keepPreviousData, queryOptions, skipToken, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";
import { toast } from "@/toasts/toasts";

export type Job = Schema<"JobRead">;
export type JobStatus = Schema<"JobStatus">;
export type JobStudent = Schema<"JobStudent">;
export type Metrics = Schema<"MetricsRead">;
export type Series = Schema<"SeriesRead">;
export type LogLine = Schema<"LogRead">;

/** Everything the job may still do on its own. */
export const ACTIVE: readonly JobStatus[] = ["queued", "running", "pausing", "cancelling"];
export const OVER: readonly JobStatus[] = ["succeeded", "failed", "cancelled"];
export const isActive = (job: { status: JobStatus } | undefined): boolean => !!job && ACTIVE.includes(job.status);

export interface JobFilter {
  status?: JobStatus[];
  name?: string;
  sort?: "created_at" | "finished_at";
  after?: string;
  limit?: number;
}

export const jobKeys = {
  all: ["jobs"] as const,
  lists: ["jobs", "list"] as const,
  list: (filter: JobFilter) => [...jobKeys.lists, filter] as const,
  one: (id: string) => ["jobs", id] as const,
  metrics: (id: string) => ["jobs", id, "metrics"] as const,
  log: (id: string) => ["jobs", id, "log"] as const,
  warnings: (id: string) => ["jobs", id, "warnings"] as const,
  checkpoints: (id: string) => ["jobs", id, "checkpoints"] as const,
  runs: (id: string) => ["jobs", id, "runs"] as const,
  students: (id: string) => ["jobs", id, "students"] as const,
};

const SLOW = 10_000;

/** The tab's stream has it asked again when something in it moves. */
export const jobsQuery = (filter: JobFilter) =>
  queryOptions({
    queryKey: jobKeys.list(filter),
    queryFn: ({ signal }) => take(api.GET("/v1/jobs", { params: { query: filter }, signal })),
    placeholderData: keepPreviousData,
  });

/** The stream keeps it fresh (live.ts); the slow question keeps the heartbeat honest. */
export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: jobKeys.one(id),
    queryFn: ({ signal }) => take(api.GET("/v1/jobs/{job_id}", { params: { path: { job_id: id } }, signal })),
    refetchInterval: ({ state }) => (isActive(state.data) ? SLOW : false),
  });

export const MAX_POINTS = 1000;

export const metricsQuery = (id: string) =>
  queryOptions({
    queryKey: jobKeys.metrics(id),
    queryFn: ({ signal }) =>
      take(
        api.GET("/v1/jobs/{job_id}/metrics", {
          params: { path: { job_id: id }, query: { max_points: MAX_POINTS } },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });

const PAGE = 1000;

/** The first pages of a long log, to be read while the others come. It is never asked for by itself. */
export const logBegunQuery = (id: string) =>
  queryOptions<LogLine[]>({ queryKey: [...jobKeys.log(id), "begun"], queryFn: skipToken, structuralSharing: false });

export const logQuery = (id: string) =>
  queryOptions({
    queryKey: jobKeys.log(id),
    queryFn: async ({ signal, client }) => {
      let lines: LogLine[] = [];
      let after = 0;
      let shown = 0;
      for (;;) {
        const params = { path: { job_id: id }, query: { after, limit: PAGE } };
        const page = await take(api.GET("/v1/jobs/{job_id}/logs", { params, signal }));
        lines = [...lines, ...page.data];
        if (!page.next) break;
        after = Number(page.next);
        if (lines.length < 2 * shown) continue; // told a few times in all, however long it is
        shown = lines.length;
        client.setQueryData(logBegunQuery(id).queryKey, lines);
      }
      client.removeQueries({ queryKey: logBegunQuery(id).queryKey });
      return lines;
    },
    structuralSharing: false, // to compare a hundred thousand lines one by one takes longer than to show them
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The first lines of the log that somebody should read. */
export const warningsQuery = (id: string) =>
  queryOptions({
    queryKey: jobKeys.warnings(id),
    queryFn: ({ signal }) => {
      const params = { path: { job_id: id }, query: { level: "warning", limit: 20 } } as const;
      return take(api.GET("/v1/jobs/{job_id}/logs", { params, signal }));
    },
  });

export const checkpointsQuery = (id: string) =>
  queryOptions({
    queryKey: jobKeys.checkpoints(id),
    queryFn: ({ signal }) =>
      take(api.GET("/v1/jobs/{job_id}/checkpoints", { params: { path: { job_id: id } }, signal })),
  });

export const runsQuery = (id: string) =>
  queryOptions({
    queryKey: jobKeys.runs(id),
    queryFn: ({ signal }) => take(api.GET("/v1/runs", { params: { query: { subject: id } }, signal })),
  });

export const jobStudentsQuery = (id: string) =>
  queryOptions({
    queryKey: jobKeys.students(id),
    queryFn: ({ signal }) =>
      take(api.GET("/v1/students", { params: { query: { job: id, limit: 100, order: "asc" } }, signal })),
  });

/** What was cancelled before it began can be had back as it was; what ran cannot. */
function useUndo() {
  const client = useQueryClient();
  return (job: Job, action: Action) => {
    const nothingLost = action === "cancel" && job.status === "cancelled" && job.started_at === null;
    if (!nothingLost || !job.available_actions.includes("retry")) return;
    const run = async () => {
      const back = await take(api.POST("/v1/jobs/{job_id}/retry", { params: { path: { job_id: job.id } } }));
      client.setQueryData(jobKeys.one(job.id), back);
      await client.invalidateQueries({ queryKey: jobKeys.lists });
    };
    toast(`Cancelled “${job.name}”.`, {
      act: { word: "Queue it again", run: () => void run().catch((error) => toast(error.message, { tone: "bad" })) },
    });
  };
}

export type Action = "cancel" | "pause" | "resume" | "retry";

export function useAction(id: string) {
  const client = useQueryClient();
  const tell = useUndo();
  return useMutation({
    mutationFn: (action: Action) => take(api.POST(`/v1/jobs/{job_id}/${action}`, { params: { path: { job_id: id } } })),
    onSuccess: (job, action) => {
      client.setQueryData(jobKeys.one(id), job);
      tell(job, action);
    },
    onError: (error) => toast(`That was not possible: ${error.message}`, { tone: "bad" }),
    onSettled: () => client.invalidateQueries({ queryKey: jobKeys.lists }),
  });
}

export function useDelete(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.DELETE("/v1/jobs/{job_id}", { params: { path: { job_id: id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: jobKeys.lists }),
  });
}
