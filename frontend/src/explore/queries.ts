import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { resultOf } from "@/jobs/groups";
import type { Student } from "@/students/queries";
import { studentIn } from "@/teachers/kinds";
import type { TeacherPoint } from "./points";

const PAGE = 100;
const MOST = 2000; // students that are drawn: the newest

/** Every trained student and control of a data set, the newest first. */
export const candidatesQuery = (dataset: string) =>
  queryOptions({
    queryKey: ["students", "candidates", dataset] as const,
    queryFn: async ({ signal }) => {
      const all: Student[] = [];
      let after: string | undefined;
      do {
        const query = { dataset, status: "trained", limit: PAGE, ...(after ? { after } : {}) } as const;
        const page = await take(api.GET("/v1/students", { params: { query }, signal }));
        all.push(...page.data);
        after = page.next ?? undefined;
      } while (after && all.length < MOST);
      return all;
    },
    staleTime: 30_000,
  });

/** The student that was trained last: its data set is where exploring begins. */
export const newestQuery = queryOptions({
  queryKey: ["students", "newest"] as const,
  queryFn: async ({ signal }) => {
    const params = { query: { status: "trained", role: "student", limit: 1 } } as const;
    return (await take(api.GET("/v1/students", { params, signal }))).data[0] ?? null;
  },
});

/** The data sets there are to choose from. */
export const choicesQuery = queryOptions({
  queryKey: ["datasets", "choices"] as const,
  queryFn: ({ signal }) => take(api.GET("/v1/datasets", { params: { query: { limit: PAGE } }, signal })),
});

interface Taught {
  teacher: string;
  /** A job that it taught: there it was measured on the same images as its students, and timed as they were. */
  job: string;
}

export const teacherPointQuery = ({ teacher, job }: Taught) =>
  queryOptions({
    queryKey: ["teachers", teacher, "point", job] as const,
    queryFn: async ({ signal }): Promise<TeacherPoint | null> => {
      const [row, done] = await Promise.all([
        take(api.GET("/v1/teachers/{teacher_id}", { params: { path: { teacher_id: teacher } }, signal })),
        take(api.GET("/v1/jobs/{job_id}", { params: { path: { job_id: job } }, signal })),
      ]);
      const { teacher: measured, evaluated_on } = resultOf(done);
      const top1 = (evaluated_on === "test" ? measured?.test?.top1 : null) ?? measured?.top1 ?? row.top1;
      if (top1 == null) return null;
      const timed = measured as { latency_ms?: number | null } | null | undefined;
      return {
        id: row.id,
        name: row.name,
        student: studentIn(row),
        top1,
        costs: { parameters: row.parameters, bytes: row.bytes ?? null, latency: timed?.latency_ms ?? null },
      };
    },
    staleTime: 30_000,
  });
