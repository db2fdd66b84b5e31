import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";
import { useOnce } from "@/ui/useOnce";

export type ApiKey = Schema<"KeyRead">;
export type StorageRow = Schema<"StorageItem">;
export type StorageKind = Schema<"StorageKind">;
export type AuditEntry = Schema<"AuditEntryRead">;

const keysKey = ["api-keys"] as const;
const page = (after?: string) => (after ? { after } : {});

export const keysQuery = (after?: string) =>
  queryOptions({
    queryKey: [...keysKey, after] as const,
    queryFn: ({ signal }) =>
      take(api.GET("/v1/api-keys", { params: { query: { limit: 50, ...page(after) } }, signal })),
    placeholderData: keepPreviousData,
  });

/** The key with which this browser signed in. */
export const sessionQuery = queryOptions({
  queryKey: ["session"] as const,
  queryFn: ({ signal }) => take(api.GET("/v1/sessions/current", { signal })),
});

export const storageQuery = queryOptions({
  queryKey: ["storage"] as const,
  queryFn: ({ signal }) => take(api.GET("/v1/storage", { params: { query: { limit: 100 } }, signal })),
});

export const auditQuery = (after?: string) =>
  queryOptions({
    queryKey: ["audit", after] as const,
    queryFn: ({ signal }) => take(api.GET("/v1/audit", { params: { query: { limit: 50, ...page(after) } }, signal })),
    placeholderData: keepPreviousData,
  });

export function useCreateKey() {
  const client = useQueryClient();
  return useOnce({
    mutationFn: (body: Schema<"KeyCreate">) => take(api.POST("/v1/api-keys", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: keysKey }),
  });
}

export function useRotateKey(id: string) {
  const client = useQueryClient();
  return useOnce({
    mutationFn: (body: Schema<"KeyRotate">) =>
      take(api.POST("/v1/api-keys/{key_id}/rotate", { params: { path: { key_id: id } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: keysKey }),
  });
}

export function useRevokeKey(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.DELETE("/v1/api-keys/{key_id}", { params: { path: { key_id: id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keysKey }),
  });
}

const REMOVE = {
  job: (id: string) => api.DELETE("/v1/jobs/{job_id}", { params: { path: { job_id: id } } }),
  teacher: (id: string) => api.DELETE("/v1/teachers/{teacher_id}", { params: { path: { teacher_id: id } } }),
  dataset: (id: string) => api.DELETE("/v1/datasets/{dataset_id}", { params: { path: { dataset_id: id } } }),
  upload: (id: string) => api.DELETE("/v1/uploads/{upload_id}", { params: { path: { upload_id: id } } }),
};
/** What uses others goes before them. */
const ORDER = Object.keys(REMOVE);

export interface Outcome {
  row: StorageRow;
  /** Null: it is gone. */
  why: string | null;
}

/** Deletes one after the other; what the service refuses stays, with its reason. */
export async function removeAll(rows: readonly StorageRow[], onEach: (done: number) => void): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const row of [...rows].sort((a, b) => ORDER.indexOf(a.object) - ORDER.indexOf(b.object))) {
    let why: string | null = null;
    try {
      await take<unknown>(REMOVE[row.object](row.id));
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
    outcomes.push({ row, why });
    onEach(outcomes.length);
  }
  return outcomes;
}
