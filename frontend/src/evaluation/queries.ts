import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";

export type Evaluation = Schema<"EvaluationRead">;
export type Judged = Schema<"Judged">;
export type Confused = Schema<"Confused">;
export type Disagreement = Schema<"DisagreementRead">;
export type Split = Evaluation["split"];

const PAGE = 100;

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

/** All that are told, a few hundred at most: who is right is chosen among them here. */
export const disagreementsQuery = (id: string, split: Split) =>
  queryOptions({
    queryKey: ["students", id, "disagreements", split] as const,
    queryFn: async ({ signal }) => {
      const all: Disagreement[] = [];
      let after = -1;
      for (;;) {
        const params = { path: { student_id: id }, query: { split, limit: PAGE, after } };
        const page = await take(api.GET("/v1/students/{student_id}/disagreements", { params, signal }));
        all.push(...page.data);
        if (!page.next) return all;
        after = Number(page.next);
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
