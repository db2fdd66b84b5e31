import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { datasetsQuery } from "@/datasets/queries";
import { short } from "@/format";
import { some } from "@/search";
import { Page } from "@/shell/Page";
import { sortOf } from "@/sort";
import { Listed } from "@/ui/Listed";
import { PartFilter } from "@/ui/PartFilter";
import { SearchBox } from "@/ui/SearchBox";
import { SortBy } from "@/ui/SortBy";
import { Choice } from "@/uploads/Choice";
import { columnsFor, SORTS, sortedFrom } from "./columns";
import { type Role, type StudentStatus, studentsQuery } from "./queries";
import { FIRST, filterOf, type StudentsSearch } from "./search";

const LIMIT = 100;
const ROLES = [
  { key: "student", name: "students" },
  { key: "control", name: "controls" },
] as const;
const STATUSES = [
  { key: "all", name: "any status" },
  { key: "trained", name: "trained" },
  { key: "training", name: "training" },
  { key: "failed", name: "failed" },
] as const;

/** Everything that was trained here, narrowed and sorted. */
export function StudentsPage() {
  const search = useSearch({ from: "/shell/students" }) as StudentsSearch;
  const navigate = useNavigate({ from: "/students" });
  const { role = "student", status, dataset, architecture, name, after } = search;
  const to = (change: Partial<Record<keyof StudentsSearch, string | undefined>>) =>
    void navigate({ search: some({ ...search, after: undefined, ...change }) as StudentsSearch });
  const query = useQuery(studentsQuery({ ...filterOf(search), limit: LIMIT }));
  const columns = useMemo(() => columnsFor(search), [search]);
  const narrowed = role !== "student" || status || dataset || architecture || name;
  const newest = sortOf(search, FIRST).sort === "created_at";
  const look = useCallback(
    (text: string) =>
      void navigate({
        search: ({ after: _, name: __, ...others }) => (text ? { ...others, name: text } : others),
        replace: true,
      }),
    [navigate],
  );
  return (
    <Page title="Students" aside={<SearchBox label="Search students by name" value={name ?? ""} onChange={look} />}>
      <div className="row job-filters">
        <div className="row">
          <Choice
            label="Role"
            choices={ROLES}
            value={role}
            onChange={(key) => to({ role: key === "control" ? key : undefined })}
          />
          <Choice<StudentStatus | "all">
            label="Status"
            choices={STATUSES}
            value={status ?? "all"}
            onChange={(key) => to({ status: key === "all" ? undefined : key })}
          />
        </div>
        <div className="row">
          <PartFilter
            what="data set"
            known={useQuery(datasetsQuery()).data?.data ?? []}
            value={dataset}
            onChoose={(id) => to({ dataset: id })}
          />
          <PartFilter
            what="network"
            known={useNetworks(role)}
            value={architecture}
            onChoose={(id) => to({ architecture: id })}
          />
          <SortBy
            choices={SORTS}
            now={sortOf(search, FIRST)}
            onSort={(sort) => void navigate({ search: sortedFrom(search, sort), replace: true })}
          />
        </div>
      </div>
      <Listed
        label="students"
        after={after}
        query={query}
        columns={columns}
        empty={
          narrowed ? (
            <>
              None is like that.{" "}
              <Link to="/students" search={{}}>
                Show all students
              </Link>
            </>
          ) : (
            "No students yet. Every job trains one or more of them."
          )
        }
        pages={(next) => (
          <>
            {after && (
              <Link to="/students" search={some({ ...search, after: undefined }) as StudentsSearch} className="button">
                {newest ? "Newest" : "First"}
              </Link>
            )}
            {next && (
              <Link to="/students" search={{ ...search, after: next }} className="button">
                {newest ? "Older" : "Next"}
              </Link>
            )}
          </>
        )}
      />
    </Page>
  );
}

/** The networks of the newest students: those that one is likely to look for. */
function useNetworks(role: Role): { id: string; name: string }[] {
  const rows = useQuery(studentsQuery({ role, limit: LIMIT })).data?.data ?? [];
  return [...new Set(rows.map((row) => row.architecture))].sort().map((id) => ({ id, name: short(id) }));
}
