import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";

export type Evaluation = Schema<"EvaluationRead">;
export type Judged = Schema<"Judged">;
export type Disagreement = Schema<"DisagreementRead">;
export type Split = Evaluation["split"];

const PAGE = 24;

export const evaluationQuery = (id: string, split: Split | undefined) =>
  queryOptions({
    queryKey: ["students", id, "evaluation", split ?? null] as const,
    queryFn: ({ signal }) =>
      take(
        api.GET("/v1/students/{student_id}/evaluation", {
          params: { path: { student_id: id }, query: split ? { split } : {} },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY, // a training ends once
  });

export const disagreementsQuery = (id: string, split: Split) =>
  infiniteQueryOptions({
    queryKey: ["students", id, "disagreements", split] as const,
    queryFn: ({ signal, pageParam }) =>
      take(
        api.GET("/v1/students/{student_id}/disagreements", {
          params: { path: { student_id: id }, query: { split, limit: PAGE, after: pageParam } },
          signal,
        }),
      ),
    initialPageParam: -1,
    getNextPageParam: (page) => (page.next === null || page.next === undefined ? undefined : Number(page.next)),
    staleTime: Number.POSITIVE_INFINITY,
  });
