import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { bytes, percent } from "@/format";

/** What a job's training takes of its machine, as last measured. Shares are of what it was given, and may exceed it. */
export interface Usage {
  what: "GPU" | "processor";
  share: number;
  memory: number | null;
}

const NAMES = ["system/gpu", "system/gpu_memory", "system/cpu", "system/memory"];
const MOST = 50;
const AGAIN = 5_000;

/** Job -> what it takes; jobs that have not told are not in it. */
export const usageQuery = (jobs: readonly string[]) => {
  const asked = [...jobs].sort().slice(0, MOST);
  return queryOptions({
    queryKey: ["jobs", "usage", asked] as const,
    queryFn: async ({ signal }) => {
      const query = { job: asked, names: NAMES, max_points: 10 };
      const { data } = await take(api.GET("/v1/metrics", { params: { query }, signal }));
      return new Map(
        data.flatMap(({ job, series }) => {
          const last = (name: string) => series.find((one) => one.name === name)?.value.at(-1) ?? null;
          const usage = usageOf(last);
          return usage ? [[job, usage] as const] : [];
        }),
      );
    },
    enabled: asked.length > 0,
    refetchInterval: AGAIN,
    retry: false, // one of them may be gone: the next question is about the others
  });
};

/** The GPU where there is one: the processor beside it says little. */
export function usageOf(last: (name: string) => number | null): Usage | null {
  const gpu = last("system/gpu");
  if (gpu !== null) return { what: "GPU", share: gpu, memory: last("system/gpu_memory") };
  const cpu = last("system/cpu");
  return cpu === null ? null : { what: "processor", share: cpu, memory: last("system/memory") };
}

/** "GPU 93 % · 61 GB" */
export const usageText = ({ what, share, memory }: Usage): string =>
  [`${what} ${percent(share, 0)}`, memory === null ? null : bytes(memory)].filter(Boolean).join(" · ");
