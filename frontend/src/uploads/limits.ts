import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";

/** What this service allows and has. */
export const limitsQuery = queryOptions({
  queryKey: ["limits"] as const,
  queryFn: ({ signal }) => take(api.GET("/v1/limits", { signal })),
  staleTime: 60_000,
});

/** What is wrong with a file before a byte of it is sent; a folder that is dropped looks like an empty file. */
export const unfit = (file: File): string =>
  file.size === 0 ? `${file.name} is empty, or a folder. Pack a folder into one archive first.` : "";
