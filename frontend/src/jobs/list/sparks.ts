import { queryOptions } from "@tanstack/react-query";
import { api, isNotFound, take } from "@/api/client";
import { isActive, type Job, type Series } from "../queries";

const MOST = 50; // jobs that the service answers for at once
const GATHER = 40; // milliseconds in which rows that come into view are gathered
const POINTS = 64;
const AGAIN = 10_000;

interface Wish {
  id: string;
  signal: AbortSignal;
  give: (series: Series[]) => void;
  fail: (error: unknown) => void;
}

let wishes: Wish[] = [];

/** Accuracy over training, of one job; rows that ask at the same time are asked for together. */
export const sparkQuery = (job: Job) =>
  queryOptions({
    queryKey: ["jobs", job.id, "spark"] as const,
    queryFn: ({ signal }) => gathered(job.id, signal),
    enabled: job.progress.step > 0,
    staleTime: isActive(job) ? AGAIN : Number.POSITIVE_INFINITY,
    refetchInterval: isActive(job) ? AGAIN : false,
  });

function gathered(id: string, signal: AbortSignal): Promise<Series[]> {
  return new Promise((give, fail) => {
    if (wishes.length === 0) window.setTimeout(ask, GATHER);
    wishes.push({ id, signal, give, fail });
  });
}

function ask(): void {
  const wanted = wishes.filter((wish) => !wish.signal.aborted); // rows that ran through are not asked for
  wishes = [];
  for (let i = 0; i < wanted.length; i += MOST) void fetchFor(wanted.slice(i, i + MOST));
}

/** One that was deleted meanwhile must not cost the others their curves. */
async function fetchFor(some: readonly Wish[]): Promise<void> {
  try {
    const query = { job: [...new Set(some.map((wish) => wish.id))], names: ["val/top1"], max_points: POINTS };
    const { data } = await take(api.GET("/v1/metrics", { params: { query } }));
    const series = new Map(data.map((one) => [one.job, one.series]));
    for (const wish of some) wish.give(series.get(wish.id) ?? []);
  } catch (error) {
    if (!isNotFound(error) || some.length === 1) {
      for (const wish of some) wish.fail(error);
      return;
    }
    const half = Math.ceil(some.length / 2);
    await Promise.all([fetchFor(some.slice(0, half)), fetchFor(some.slice(half))]);
  }
}
