import { useQueries } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { type Dataset, samplesQuery } from "./queries";

const PAGE = 100; // classes that the service tells at once

export interface Face {
  images: readonly Schema<"SampleRead">[];
  of: string;
  crisp: boolean;
}

const CRISP = 40; // pixels: smaller images are shown as they are

/** One image of each of these classes, by their index, as far as they have arrived. */
export function useFaces(dataset: Dataset | undefined, classes: readonly number[]): Map<number, Face> {
  const pages = dataset ? [...new Set(classes.map((index) => Math.floor(index / PAGE)))] : [];
  const queries = useQueries({
    queries: pages.map((page) =>
      samplesQuery(dataset?.id ?? "", { split: "train", per_class: 1, limit: PAGE, after: page * PAGE - 1 }),
    ),
  });
  const crisp = dataset?.form === "pixels" && (dataset.image_size ?? 0) <= CRISP;
  return new Map(
    queries
      .flatMap((query) => query.data?.classes ?? [])
      .map(({ index, name, images }) => [index, { images, of: name, crisp }]),
  );
}
