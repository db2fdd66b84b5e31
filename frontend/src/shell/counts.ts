import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";

export type Counts = Schema<"CountsRead">;

/** How much there is of everything; asked again when the tab's stream says that something came or went. */
export const countsQuery = queryOptions({
  queryKey: ["counts"] as const,
  queryFn: ({ signal }) => take(api.GET("/v1/counts", { signal })),
});
