import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Answer } from "./Answer";
import { Empty } from "./faces";
import { type Column, Table } from "./Table";

interface Props<Row> {
  label: string;
  query: UseQueryResult<{ data: Row[]; next?: string | null }>;
  columns: readonly Column<Row>[];
  empty: ReactNode;
  /** Where this page of the list begins, if it is not the first: what is empty then is the page, not the list. */
  after: string | undefined;
  /** The ways to the other pages of the list. */
  pages: (next: string | null) => ReactNode;
}

/** A list of the service with its four faces, and the way to what is older. */
export function Listed<Row extends { id: string }>({ label, query, columns, empty, after, pages }: Props<Row>) {
  return (
    <Answer query={query} label={label} heights={[40, 52, 52, 52]}>
      {({ data, next }) => (
        <>
          <div className="card flush">
            {data.length === 0 ? (
              <Empty>{after ? "Nothing is on this page of the list." : empty}</Empty>
            ) : (
              <Table label={label} columns={columns} rows={data} id={(row) => row.id} />
            )}
          </div>
          <nav className="row" aria-label="Pages">
            {pages(next ?? null)}
          </nav>
        </>
      )}
    </Answer>
  );
}
