import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";

/** What this service allows and has. */
export const limitsQuery = queryOptions({
  queryKey: ["limits"] as const,
  queryFn: ({ signal }) => take(api.GET("/v1/limits", { signal })),
  staleTime: 60_000,
});
