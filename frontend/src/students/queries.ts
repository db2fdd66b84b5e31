import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";

export type Student = Schema<"StudentRead">;

export const studentKeys = {
  list: (after?: string) => ["students", "list", after] as const,
  one: (id: string) => ["students", id] as const,
};

export const studentsQuery = (after?: string) =>
  queryOptions({
    queryKey: studentKeys.list(after),
    queryFn: ({ signal }) =>
      take(api.GET("/v1/students", { params: { query: { role: "student", ...(after ? { after } : {}) } }, signal })),
    placeholderData: keepPreviousData,
  });

export const studentQuery = (id: string) =>
  queryOptions({
    queryKey: studentKeys.one(id),
    queryFn: ({ signal }) =>
      take(api.GET("/v1/students/{student_id}", { params: { path: { student_id: id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.status === "training" ? 10_000 : false),
  });
