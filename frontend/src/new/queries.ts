import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";
import type { JsonSchema } from "./schema";

export type Architecture = Schema<"ArchitectureRead">;
export type Loss = Schema<"LossRead">;
export type Preset = Schema<"PresetRead">;
export type Preview = Schema<"JobPreview">;

const FIXED = Number.POSITIVE_INFINITY;

export const limitsQuery = queryOptions({
  queryKey: ["limits"] as const,
  queryFn: async ({ signal }) => {
    const limits = await take(api.GET("/v1/limits", { signal }));
    return { ...limits, schema: limits.recipe_schema as JsonSchema };
  },
  staleTime: FIXED,
});

export const lossesQuery = queryOptions({
  queryKey: ["losses"] as const,
  queryFn: async ({ signal }) => (await take(api.GET("/v1/losses", { signal }))).data,
  staleTime: FIXED,
});

export const presetsQuery = queryOptions({
  queryKey: ["presets"] as const,
  queryFn: async ({ signal }) => (await take(api.GET("/v1/presets", { signal }))).data,
  staleTime: FIXED,
});

export interface Wanted {
  q: string;
  library: string;
  max_parameters: number | null;
  classes: number;
}

const MOST = 40;

export const architecturesQuery = ({ q, library, max_parameters, classes }: Wanted) =>
  queryOptions({
    queryKey: ["architectures", q, library, max_parameters, classes] as const,
    queryFn: ({ signal }) => {
      const query = {
        classes,
        limit: MOST,
        ...(q ? { q } : {}),
        ...(library ? { library: library as "cifar" } : {}),
        ...(max_parameters ? { max_parameters } : {}),
      };
      return take(api.GET("/v1/architectures", { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
    staleTime: FIXED,
  });

/** One network, by its canonical or its bare name, counted with so many classes; null where the catalog has none. */
export const architectureQuery = (name: string, classes: number) =>
  queryOptions({
    queryKey: ["architecture", name, classes] as const,
    queryFn: async ({ signal }): Promise<Architecture | null> => {
      const bare = name.split("/").pop() ?? name;
      const query = { q: bare, classes, limit: 100 };
      const { data } = await take(api.GET("/v1/architectures", { params: { query }, signal }));
      const libraries = ["cifar", "torchvision", "timm"]; // the order in which a bare name is looked up
      const found = data.filter((one) => one.name === name || one.short === name);
      return found.sort((a, b) => libraries.indexOf(a.library) - libraries.indexOf(b.library))[0] ?? null;
    },
    staleTime: FIXED,
  });

/** A few images of a data set: one of each of its first classes. */
export const facesQuery = (dataset: string) =>
  queryOptions({
    queryKey: ["datasets", dataset, "faces"] as const,
    queryFn: ({ signal }) =>
      take(
        api.GET("/v1/datasets/{dataset_id}/samples", {
          params: { path: { dataset_id: dataset }, query: { per_class: 1, limit: 12 } },
          signal,
        }),
      ),
    staleTime: FIXED,
  });

const CHOICES = 50;
/** Those that can be chosen, newest first, by a part of their name. */
export const teachersToChooseQuery = (name: string) =>
  queryOptions({
    queryKey: ["teachers", "choose", name] as const,
    queryFn: ({ signal }) =>
      take(api.GET("/v1/teachers", { params: { query: { limit: CHOICES, ...(name ? { name } : {}) } }, signal })),
    placeholderData: keepPreviousData,
  });

export const datasetsToChooseQuery = (name: string) =>
  queryOptions({
    queryKey: ["datasets", "choose", name] as const,
    queryFn: ({ signal }) =>
      take(api.GET("/v1/datasets", { params: { query: { limit: CHOICES, ...(name ? { name } : {}) } }, signal })),
    placeholderData: keepPreviousData,
  });
