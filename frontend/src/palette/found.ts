import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { short } from "@/format";
import type { Kind } from "./recent";

export interface Found {
  kind: Kind;
  id: string;
  name: string;
  note: string;
}

const EACH = 5;

/** What the service knows by such a name; without one, its newest jobs. */
export const foundQuery = (text: string) =>
  queryOptions({
    queryKey: ["palette", text] as const,
    queryFn: async ({ signal }): Promise<Found[]> => {
      const query = { limit: EACH, ...(text ? { name: text } : {}) };
      const [jobs, teachers, datasets, students] = await Promise.all([
        take(api.GET("/v1/jobs", { params: { query }, signal })),
        text ? take(api.GET("/v1/teachers", { params: { query }, signal })) : null,
        text ? take(api.GET("/v1/datasets", { params: { query }, signal })) : null,
        text ? take(api.GET("/v1/students", { params: { query }, signal })) : null,
      ]);
      return [
        ...jobs.data.map(({ id, name, status }) => ({ kind: "jobs" as const, id, name, note: status })),
        ...(students?.data ?? []).map(({ id, label, job_name }) => ({
          kind: "students" as const,
          id,
          name: label,
          note: job_name,
        })),
        ...(teachers?.data ?? []).map(({ id, name, architecture }) => ({
          kind: "teachers" as const,
          id,
          name,
          note: architecture ? short(architecture) : "",
        })),
        ...(datasets?.data ?? []).map(({ id, name, classes }) => ({
          kind: "datasets" as const,
          id,
          name,
          note: classes ? `${classes.length} classes` : "",
        })),
      ];
    },
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
