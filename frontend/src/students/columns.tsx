import { Link } from "@tanstack/react-router";
import { ago, bytes, parameters, percent, plain, points, short } from "@/format";
import { judgedOn, metricsOf } from "@/jobs/groups";
import { some } from "@/search";
import { SortMark } from "@/ui/SortMark";
import { Status } from "@/ui/Status";
import type { Column } from "@/ui/Table";
import type { Student } from "./queries";
import type { StudentsSearch } from "./search";
import { FIRST, judged, latencyOf, type SortKey } from "./sort";

/** The columns of the list, most of which sort it. */
export function columnsFor(search: StudentsSearch): Column<Student>[] {
  const by = (key: SortKey, head: string) => ({ head, sort: sortOf(search, key, head) });
  return [
    { ...by("label", "Student"), kind: "name", cell: (row) => <Name row={row} /> },
    { head: "Status", cell: (row) => <Status value={row.status} /> },
    { ...by("parameters", "Network"), cell: (row) => <Network row={row} /> },
    { ...by("top1", "Top-1"), kind: "number", cell: (row) => <b className="strong">{percent(judged(row))}</b> },
    { ...by("gain", "Over control"), kind: "number", cell: (row) => <Gain of={metricsOf(row).control_difference} /> },
    { ...by("gap", "Gap closed"), kind: "number", cell: (row) => percent(metricsOf(row).gap_closed, 0) },
    { ...by("agreement", "Agreement"), kind: "number", cell: (row) => percent(judgedOn(metricsOf(row)).agreement) },
    { ...by("bytes", "Weights"), kind: "number", cell: (row) => bytes(row.bytes) },
    { ...by("latency", "One image"), kind: "number", cell: (row) => milliseconds(latencyOf(row)) },
    { head: "Created", kind: "number", cell: (row) => <span className="soft">{ago(row.created_at)}</span> },
  ];
}

function sortOf(search: StudentsSearch, key: SortKey, head: string): NonNullable<Column<Student>["sort"]> {
  const now = search.sort === key ? (search.order ?? FIRST[key]) : null;
  const next = now === null ? FIRST[key] : now === "asc" ? "desc" : "asc";
  const to = some({ ...search, sort: key, order: next === FIRST[key] ? undefined : next }) as StudentsSearch;
  return {
    head: (
      <Link to="/students" search={to} replace className="sort" data-sorted={now !== null}>
        {head}
        <SortMark by={now} />
      </Link>
    ),
    by: now === null ? undefined : now === "asc" ? "ascending" : "descending",
  };
}

function Name({ row }: { row: Student }) {
  return (
    <span className="stack tight">
      <Link to="/students/$id" params={{ id: row.id }} className="title wrap">
        {row.label}
      </Link>
      <Link to="/jobs/$id" params={{ id: row.job }} className="small soft quiet wrap">
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
