import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failure, Loading } from "./faces";

interface Props<Data> {
  query: UseQueryResult<Data>;
  /** What is loaded, for screen readers, and the heights of the bars that stand for it. */
  label: string;
  heights: readonly number[];
  children: (data: Data) => ReactNode;
}

/** The faces of a question: loading, an error, an answer. An answer stays while asking again fails. */
export function Answer<Data>({ query, label, heights, children }: Props<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading label={label} heights={heights} />;
}
