import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  type QueryClient,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { api, take } from "@/api/client";
import { type Job, jobKeys } from "../queries";
import { dropped, type Page, pagesAt, refreshed, rowsOf } from "./pages";
import type { JobsFilter } from "./search";

const LIMIT = 100;
const FRESH = 2_000;

type Place = string | null;
type Endless = InfiniteData<Page<Job>, Place>;

const fetchPage = (filter: JobsFilter, after: Place, signal: AbortSignal): Promise<Page<Job>> =>
  take(api.GET("/v1/jobs", { params: { query: { ...filter, limit: LIMIT, ...(after ? { after } : {}) } }, signal }));

const keyOf = (filter: JobsFilter) => ["endless jobs", filter] as const;

/** Where the n-th page begins: after the last row before it, which may be another one than when it was first read. */
const placeOf = (pages: readonly Page<Job>[], n: number): Place =>
  pages
    .slice(0, n)
    .findLast((page) => page.data.length > 0)
    ?.data.at(-1)?.id ?? null;

/** Loaded page by page, and never again as a whole: what is seen is kept fresh by `useJobList`. */
const endlessQuery = (filter: JobsFilter) =>
  infiniteQueryOptions({
    queryKey: keyOf(filter),
    queryFn: ({ pageParam, signal }) => fetchPage(filter, pageParam, signal),
    initialPageParam: null as Place,
    getNextPageParam: (page, pages) => (page.next ? placeOf(pages, pages.length) : null),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The rows so far, the way to more, and a place to say which are seen: the tab's stream has their pages asked for again. */
export function useJobList(filter: JobsFilter) {
  const client = useQueryClient();
  const query = useInfiniteQuery(endlessQuery(filter));
  const pages = query.data?.pages;
  const rows = useMemo(() => rowsOf(pages ?? []), [pages]);
  const [[from, to], setSeen] = useState<readonly [number, number]>([0, 0]);
  const seen = pages && !query.isPlaceholderData ? pagesAt(pages, from, to) : [];
  const places = seen.map((n) => [n, placeOf(pages ?? [], n)] as const);

  useQuery({
    queryKey: [...jobKeys.lists, "seen", filter, places],
    queryFn: async ({ signal }) => {
      await Promise.all(
        places.map(async ([n, place]) => {
          const fresh = await fetchPage(filter, place, signal);
          client.setQueryData<Endless>(
            keyOf(filter),
            (all) => all && { ...all, pages: refreshed(all.pages, n, fresh) },
          );
        }),
      );
      return Date.now();
    },
    enabled: places.length > 0,
    initialData: 0,
    initialDataUpdatedAt: query.dataUpdatedAt,
    staleTime: FRESH,
  });

  const see = useCallback((first: number, last: number) => {
    setSeen((old) => (old[0] === first && old[1] === last ? old : [first, last]));
  }, []);
  return { query, rows, see };
}

/** Takes what was deleted out of every list that is known. */
export function forget(client: QueryClient, gone: ReadonlySet<string>): void {
  client.setQueriesData<Endless>(
    { queryKey: ["endless jobs"] },
    (all) => all && { ...all, pages: dropped(all.pages, gone) },
  );
  for (const id of gone) client.removeQueries({ queryKey: jobKeys.one(id) });
}
