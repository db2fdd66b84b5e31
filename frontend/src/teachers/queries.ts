import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";

export type Teacher = Schema<"TeacherRead">;

export const teacherKeys = {
  all: ["teachers"] as const,
  list: (after?: string) => ["teachers", "list", after] as const,
  one: (id: string) => ["teachers", id] as const,
};

export const teachersQuery = (after?: string) =>
  queryOptions({
    queryKey: teacherKeys.list(after),
    queryFn: ({ signal }) => take(api.GET("/v1/teachers", { params: { query: after ? { after } : {} }, signal })),
    placeholderData: keepPreviousData,
  });

export const teacherQuery = (id: string) =>
  queryOptions({
    queryKey: teacherKeys.one(id),
    queryFn: ({ signal }) =>
      take(api.GET("/v1/teachers/{teacher_id}", { params: { path: { teacher_id: id } }, signal })),
  });

/** What a teacher can be measured on. */
export const readyDatasetsQuery = queryOptions({
  queryKey: ["datasets", "list", "ready"] as const,
  queryFn: ({ signal }) =>
    take(api.GET("/v1/datasets", { params: { query: { status: "ready", limit: 100 } }, signal })),
});

/** What a teacher can be made of. */
export const trainedStudentsQuery = queryOptions({
  queryKey: ["students", "list", "trained"] as const,
  queryFn: ({ signal }) =>
    take(api.GET("/v1/students", { params: { query: { status: "trained", limit: 100 } }, signal })),
});

export const teacherJobsQuery = (teacher: string) =>
  queryOptions({
    queryKey: ["jobs", "list", { teacher }] as const,
    queryFn: ({ signal }) => take(api.GET("/v1/jobs", { params: { query: { teacher, limit: 10 } }, signal })),
  });

export function useDeleteTeacher(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.DELETE("/v1/teachers/{teacher_id}", { params: { path: { teacher_id: id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["teachers", "list"] }),
  });
}
