import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";

export type Dataset = Schema<"DatasetRead">;
export type Report = Schema<"IngestReport">;
export type SampleClass = Schema<"SampleClass">;
export type Split = "train" | "val" | "test";

export const datasetKeys = {
  all: ["datasets"] as const,
  list: (after?: string) => ["datasets", "list", after] as const,
  one: (id: string) => ["datasets", id] as const,
  samples: (id: string, what: object) => ["datasets", id, "samples", what] as const,
};

const NEVER_STALE = { staleTime: Number.POSITIVE_INFINITY };

export const datasetsQuery = (after?: string) =>
  queryOptions({
    queryKey: datasetKeys.list(after),
    queryFn: ({ signal }) => take(api.GET("/v1/datasets", { params: { query: after ? { after } : {} }, signal })),
    placeholderData: keepPreviousData,
  });

export const datasetQuery = (id: string) =>
  queryOptions({
    queryKey: datasetKeys.one(id),
    queryFn: ({ signal }) =>
      take(api.GET("/v1/datasets/{dataset_id}", { params: { path: { dataset_id: id } }, signal })),
  });

export const builtinsQuery = queryOptions({
  queryKey: ["datasets", "builtin"] as const,
  queryFn: ({ signal }) => take(api.GET("/v1/datasets/builtin", { signal })),
});

/** What a data set never changes again: images of some classes, or of one. */
interface Wanted {
  split: Split;
  per_class: number;
  /** Classes per page, and the index of the last one seen. */
  limit?: number;
  after?: number;
  /** This class alone. */
  label?: number;
}

export const samplesQuery = (id: string, wanted: Wanted) =>
  queryOptions({
    queryKey: datasetKeys.samples(id, wanted),
    queryFn: ({ signal }) =>
      take(
        api.GET("/v1/datasets/{dataset_id}/samples", {
          params: { path: { dataset_id: id }, query: wanted },
          signal,
        }),
      ),
    ...NEVER_STALE,
  });

export const datasetJobsQuery = (dataset: string) =>
  queryOptions({
    queryKey: ["jobs", "list", { dataset }] as const,
    queryFn: ({ signal }) => take(api.GET("/v1/jobs", { params: { query: { dataset, limit: 10 } }, signal })),
  });

export function useDeleteDataset(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.DELETE("/v1/datasets/{dataset_id}", { params: { path: { dataset_id: id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["datasets", "list"] }),
  });
}
