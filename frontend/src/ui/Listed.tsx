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
  /** The ways to the other pages of the list. */
  pages: (next: string | null) => ReactNode;
}

/** A list of the service with its four faces, and the way to what is older. */
export function Listed<Row extends { id: string }>({ label, query, columns, empty, pages }: Props<Row>) {
  return (
    <Answer query={query} label={label} heights={[40, 52, 52, 52]}>
      {({ data, next }) => (
        <>
          <div className="card flush">
            {data.length === 0 ? (
              <Empty>{empty}</Empty>
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
