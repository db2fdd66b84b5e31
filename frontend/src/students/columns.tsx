import { Link } from "@tanstack/react-router";
import { ago, bytes, parameters, percent, plain, points, short } from "@/format";
import { judgedOn, metricsOf } from "@/jobs/groups";
import { sortedBy, sortOf } from "@/sort";
import { SortMark } from "@/ui/SortMark";
import { Status } from "@/ui/Status";
import type { Column } from "@/ui/Table";
import type { Student } from "./queries";
import { FIRST, type Sort, type StudentsSearch } from "./search";

/** What sorts the list, by the heads of its columns. */
export const SORTS = [
  { key: "name", name: "Student" },
  { key: "parameters", name: "Network" },
  { key: "top1", name: "Top-1" },
  { key: "control_difference", name: "Over control" },
  { key: "gap_closed", name: "Gap closed" },
  { key: "agreement", name: "Agreement" },
  { key: "latency_ms", name: "One image" },
  { key: "created_at", name: "Created" },
] as const satisfies { key: Sort; name: string }[];

/** The columns of the list, most of which sort it. */
export function columnsFor(search: StudentsSearch): Column<Student>[] {
  const by = (sort: Sort) => {
    const head = SORTS.find(({ key }) => key === sort)?.name ?? sort;
    return { head, sort: sortable(search, sort, head) };
  };
  return [
    { ...by("name"), kind: "name", cell: (row) => <Name row={row} /> },
    { head: "Status", cell: (row) => <Status value={row.status} /> },
    { ...by("parameters"), cell: (row) => <Network row={row} /> },
    {
      ...by("top1"),
      kind: "number",
      cell: (row) => <b className="strong">{percent(judgedOn(metricsOf(row)).top1)}</b>,
    },
    { ...by("control_difference"), kind: "number", cell: (row) => <Gain of={metricsOf(row).control_difference} /> },
    { ...by("gap_closed"), kind: "number", cell: (row) => percent(metricsOf(row).gap_closed, 0) },
    { ...by("agreement"), kind: "number", cell: (row) => percent(judgedOn(metricsOf(row)).agreement) },
    { head: "Weights", kind: "number", cell: (row) => bytes(row.bytes) },
    { ...by("latency_ms"), kind: "number", cell: (row) => milliseconds(metricsOf(row).latency_ms) },
    { ...by("created_at"), kind: "number", cell: (row) => <span className="soft">{ago(row.created_at)}</span> },
  ];
}

function sortable(search: StudentsSearch, sort: Sort, head: string): NonNullable<Column<Student>["sort"]> {
  const by = sortOf(search, FIRST);
  const now = by.sort === sort ? by.order : null;
  return {
    head: (
      <Link to="/students" search={sortedFrom(search, sort)} replace className="sort" data-sorted={now !== null}>
        {head}
        <SortMark by={now} />
      </Link>
    ),
    by: now === null ? undefined : now === "asc" ? "ascending" : "descending",
  };
}

/** Another order begins at its first page. */
export const sortedFrom = ({ after: _, ...search }: StudentsSearch, sort: Sort): StudentsSearch =>
  sortedBy(search, FIRST, sort);

function Name({ row }: { row: Student }) {
  return (
    <span className="stack tight">
      <Link to="/students/$id" params={{ id: row.id }} className="title wrap">
        {row.label}
      </Link>
      <Link
        to="/jobs/$id"
        params={{ id: row.job }}
        className="small soft quiet wrap two-lines"
        title={row.job_name}
        dir="auto"
      >
        {row.job_name}
      </Link>
    </span>
  );
}

function Network({ row }: { row: Student }) {
  return (
    <span className="stack tight network">
      <span className="nowrap">{short(row.architecture)}</span>
      <span className="small soft clip" title={row.dataset.name}>
        {parameters(row.parameters)} · {row.dataset.name}
      </span>
    </span>
  );
}

/** Green or red only beyond the noise. */
function Gain({ of }: { of: { value: number; interval: [number, number] } | null | undefined }) {
  if (!of) return "–";
  const tone = of.interval[0] > 0 ? "good" : of.interval[1] < 0 ? "bad" : "";
  return <span className={tone}>{points(of.value)}</span>;
}

/** 3.21 -> "3.21 ms" */
export const milliseconds = (value: number | null | undefined): string =>
  value == null ? "–" : `${plain(Number(value.toPrecision(3)))}\u202fms`;
