import { queryOptions, useQueries, useQuery } from "@tanstack/react-query";
import { api, isNotFound, take } from "@/api/client";
import { isActive, type Job, jobQuery, jobStudentsQuery, type Series } from "@/jobs/queries";

const POINTS = 1000;
const AGAIN = 5_000;

/** The jobs that are there, in their order, and which are not. */
export function useJobs(ids: readonly string[]) {
  const queries = useQueries({ queries: ids.map((id) => jobQuery(id)) });
  const jobs = queries.flatMap((query) => query.data ?? []);
  const gone = ids.filter((_, i) => isNotFound(queries[i]?.error));
  const broken = queries.find((query) => query.isError && !isNotFound(query.error) && query.data === undefined);
  const loading = queries.some((query) => query.isPending);
  return { jobs, gone, broken, loading };
}

const curvesQuery = (jobs: readonly Job[]) => {
  const ids = jobs.map((job) => job.id);
  return queryOptions({
    queryKey: ["jobs", "curves", ids] as const,
    queryFn: async ({ signal }) => {
      const query = { job: ids, names: ["val/top1", "val/agreement", "teacher/top1"], max_points: POINTS };
      const { data } = await take(api.GET("/v1/metrics", { params: { query }, signal }));
      return new Map<string, readonly Series[]>(data.map((one) => [one.job, one.series]));
    },
    enabled: ids.length > 0,
    refetchInterval: jobs.some(isActive) ? AGAIN : false,
    placeholderData: (old) => old,
  });
};

export const useCurves = (jobs: readonly Job[]) => useQuery(curvesQuery(jobs));

/** The students of all of them, with their files and figures; job -> students. */
export function useStudents(jobs: readonly Job[]) {
  const queries = useQueries({ queries: jobs.map((job) => jobStudentsQuery(job.id)) });
  return new Map(jobs.map((job, i) => [job.id, queries[i]?.data?.data ?? []]));
}
