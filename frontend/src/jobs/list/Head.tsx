import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { sortedBy, sortOf } from "@/sort";
import { SortMark } from "@/ui/SortMark";
import { type Column, SELECT } from "./columns";
import { FIRST, type JobsSearch, type Sort } from "./search";

interface Props {
  search: JobsSearch;
  columns: readonly Column[];
  /** How many of the loaded rows are chosen. */
  chosen: "none" | "some" | "all";
  onChooseAll: () => void;
}

/** The widths of the columns and their heads, of which some sort. */
export function Head({ search, columns, chosen, onChooseAll }: Props) {
  return (
    <>
      <colgroup>
        <col style={{ width: SELECT }} />
        {columns.map(({ key, width }) => (
          <col key={key} style={key === "name" ? undefined : { width }} />
        ))}
      </colgroup>
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col" className="select">
            <All chosen={chosen} onChange={onChooseAll} />
          </th>
          {columns.map((column) => (
            <HeadCell key={column.key} column={column} search={search} />
          ))}
        </tr>
      </thead>
    </>
  );
}

function All({ chosen, onChange }: { chosen: Props["chosen"]; onChange: () => void }) {
  const ref = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (ref.current) ref.current.indeterminate = chosen === "some";
  }, [chosen]);
  return (
    <label>
      <input
        ref={ref}
        type="checkbox"
        checked={chosen === "all"}
        aria-label="Choose all that are loaded"
        onChange={onChange}
      />
    </label>
  );
}

function HeadCell({ column: { key, head, sort, number }, search }: { column: Column; search: JobsSearch }) {
  const now = sortOf(search, FIRST);
  const by = sort !== undefined && now.sort === sort ? now.order : null;
  return (
    <th
      scope="col"
      className={`col-${key} ${number ? "number" : ""}`}
      aria-sort={by === null ? undefined : by === "asc" ? "ascending" : "descending"}
    >
      {sort ? <SortLink head={head} sort={sort} by={by} search={search} /> : head}
    </th>
  );
}

interface SortProps {
  head: string;
  sort: Sort;
  by: "asc" | "desc" | null;
  search: JobsSearch;
}

function SortLink({ head, sort, by, search }: SortProps) {
  return (
    <Link to="/jobs" search={sortedBy(search, FIRST, sort)} replace className="sort" data-sorted={by !== null}>
      {head}
      <SortMark by={by} />
    </Link>
  );
}
