import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";
import type { operations } from "@/api/schema.gen";

export type Student = Schema<"StudentRead">;
export type Role = Student["role"];
export type StudentStatus = Student["status"];

export type StudentFilter = NonNullable<operations["list_students"]["parameters"]["query"]>;

export const studentKeys = {
  list: (filter: StudentFilter) => ["students", "list", filter] as const,
  one: (id: string) => ["students", id] as const,
};

export const studentsQuery = (filter: StudentFilter) =>
  queryOptions({
    queryKey: studentKeys.list(filter),
    queryFn: ({ signal }) => take(api.GET("/v1/students", { params: { query: filter }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.data.some((one) => one.status === "training") ? 10_000 : false),
  });

export const studentQuery = (id: string) =>
  queryOptions({
    queryKey: studentKeys.one(id),
    queryFn: ({ signal }) =>
      take(api.GET("/v1/students/{student_id}", { params: { path: { student_id: id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.status === "training" ? 10_000 : false),
  });
