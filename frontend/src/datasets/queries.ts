import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";

export type Dataset = Schema<"DatasetRead">;

export const datasetKeys = {
  all: ["datasets"] as const,
  list: (after?: string) => ["datasets", "list", after] as const,
  one: (id: string) => ["datasets", id] as const,
  samples: (id: string) => ["datasets", id, "samples"] as const,
};

const READING = 2_000;

export const datasetsQuery = (after?: string) =>
  queryOptions({
    queryKey: datasetKeys.list(after),
    queryFn: ({ signal }) => take(api.GET("/v1/datasets", { params: { query: after ? { after } : {} }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.data.some((one) => one.status === "validating") ? READING : false),
  });

export const datasetQuery = (id: string) =>
  queryOptions({
    queryKey: datasetKeys.one(id),
    queryFn: ({ signal }) =>
      take(api.GET("/v1/datasets/{dataset_id}", { params: { path: { dataset_id: id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.status === "validating" ? READING : false),
  });

export const samplesQuery = (id: string) =>
  queryOptions({
    queryKey: datasetKeys.samples(id),
    queryFn: ({ signal }) =>
      take(
        api.GET("/v1/datasets/{dataset_id}/samples", {
          params: { path: { dataset_id: id }, query: { per_class: 7, limit: 100 } },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
