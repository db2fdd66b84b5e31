import type { ReactNode } from "react";

export interface Column<Row> {
  head: string;
  cell: (row: Row) => ReactNode;
  /** The way to sort by it, in place of its name, and how it is sorted now. */
  sort?: { head: ReactNode; by: "ascending" | "descending" | undefined };
  /** Right-aligned figures, or a name of any length. */
  kind?: "number" | "name";
}

interface Props<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  id: (row: Row) => string;
}

/** A table that scrolls sideways within its card rather than the page. */
export function Table<Row>({ label, columns, rows, id }: Props<Row>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="table-scroll" tabIndex={0} aria-label={label}>
      <table className="table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" key={column.head} className={column.kind ?? ""} aria-sort={column.sort?.by}>
                {column.sort?.head ?? column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)} className="link">
              {columns.map((column) => (
                <td key={column.head} className={column.kind ?? ""} data-head={column.head}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
