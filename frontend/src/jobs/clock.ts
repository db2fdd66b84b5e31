import { queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { api, type Schema, take } from "@/api/client";
import type { Clock } from "@/charts/lines";
import { isActive, type Job, jobKeys } from "./queries";

type Event = Schema<"EventRead">;

const PAGE = 1000;
const PROBES = 96;
const AGAIN = 60_000;

/**
 * When the job had got how far. Figures carry no time of their own, but progress is told about twice a second with
 * its step, and every event has its time: between two of them time is taken to pass evenly. Of a long job only some
 * are asked for, spread evenly over its events, whose numbers have no gaps.
 */
export const clockQuery = (job: Pick<Job, "id" | "last_event" | "status">) =>
  queryOptions({
    queryKey: [...jobKeys.one(job.id), "clock"],
    queryFn: async ({ signal }) => {
      const ask = async (types: ("progress" | "rewind")[], after: number, limit: number) => {
        const params = { path: { job_id: job.id }, query: { types, after, limit } };
        const answer = await take(api.GET("/v1/jobs/{job_id}/events", { params, signal }));
        return answer as Schema<"EventList">; // a stream comes to those who accept one
      };
      const first = await ask(["progress", "rewind"], 0, PAGE);
      if (!first.has_more) return first.data;
      const begun = first.data.at(-1)?.seq ?? 0;
      const probes = Array.from({ length: PROBES }, (_, i) => begun + ((job.last_event - begun) * i) / PROBES);
      const answers = await Promise.all([
        ask(["rewind"], begun, PAGE),
        ...probes.map((after) => ask(["progress"], Math.floor(after), 1)),
      ]);
      return [...first.data, ...answers.flatMap((answer) => answer.data)];
    },
    staleTime: AGAIN,
    refetchInterval: isActive(job) ? AGAIN : false,
  });

/** Seconds since the job began at the steps that are known; what was undone by a rewind is forgotten. */
export function clockOf(events: readonly Event[], job: Pick<Job, "created_at" | "started_at" | "progress">): Clock {
  const begun = Date.parse(job.started_at ?? job.created_at);
  let known: [number, number][] = [[0, 0]];
  const told = (step: number, time: string) => {
    const seconds = (Date.parse(time) - begun) / 1000;
    known = known.filter(([before]) => before < step);
    if (seconds >= (known.at(-1)?.[1] ?? 0)) known.push([step, seconds]);
  };
  const inOrder = [...new Map(events.map((event) => [event.seq, event])).values()].sort((a, b) => a.seq - b.seq);
  for (const event of inOrder) {
    if (event.type === "rewind") known = known.filter(([step]) => step <= Number(event.to_step ?? 0));
    else if (typeof event.step === "number" && event.step > 0) told(event.step, event.created_at);
  }
  const { step, updated_at } = job.progress;
  if (step > (known.at(-1)?.[0] ?? 0) && updated_at) told(step, updated_at);
  return { step: known.map(([one]) => one), seconds: known.map(([, one]) => one) };
}

/** The clock of a job, once it is wanted and known. */
export function useClock(job: Job, wanted: boolean): Clock | null {
  const events = useQuery({ ...clockQuery(job), enabled: wanted }).data;
  const latest = useRef(job);
  latest.current = job;
  const { updated_at } = job.progress;
  // biome-ignore lint/correctness/useExhaustiveDependencies: of the job only its progress moves the clock
  return useMemo(() => (wanted && events ? clockOf(events, latest.current) : null), [wanted, events, updated_at]);
}
