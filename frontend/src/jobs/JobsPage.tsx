import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { plural } from "@/format";
import { some } from "@/search";
import { countsQuery } from "@/shell/counts";
import { Page } from "@/shell/Page";
import { toast } from "@/toasts/toasts";
import { Empty, Failure, Loading } from "@/ui/faces";
import { SearchBox } from "@/ui/SearchBox";
import { useNow } from "@/ui/useNow";
import { BulkBar } from "./list/BulkBar";
import { columnsOf } from "./list/columns";
import { Filters } from "./list/Filters";
import { JobsTable } from "./list/JobsTable";
import { useJobList } from "./list/queries";
import { filterOf, isNarrowed, type JobsSearch } from "./list/search";
import { NOTHING, without } from "./list/selection";
import { NewLink } from "./NewLink";

/** Every job of the project: narrowed, sorted and chosen from, however many there are. */
export function JobsPage() {
  const search = useSearch({ from: "/shell/jobs" }) as JobsSearch;
  const navigate = useNavigate({ from: "/jobs" });
  const [selection, select] = useState(NOTHING);
  const filter = useMemo(() => filterOf(search), [search]);
  const columns = useMemo(() => columnsOf(search), [search]);
  const { query, rows, see } = useJobList(filter);
  const counts = useQuery(countsQuery).data?.jobs;
  useNow(30_000);

  const chosen = useMemo(() => rows.filter((job) => selection.ids.has(job.id)), [rows, selection]);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query;
  const loadMore = useCallback(() => {
    if (!isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  const done = useCallback((gone: ReadonlySet<string>, what: string) => {
    select((old) => without(old, gone));
    toast(what);
  }, []);
  const none = query.data !== undefined && rows.length === 0 && !hasNextPage && !isNarrowed(search);
  const total = totalOf(search, filter.status, counts);

  return (
    <Page
      title="Jobs"
      aside={
        <>
          <SearchBox
            label="Search jobs by name"
            value={search.name ?? ""}
            onChange={(name) =>
              void navigate({ search: some({ ...search, name: name || undefined }) as JobsSearch, replace: true })
            }
          />
          <NewLink />
        </>
      }
    >
      {!none && <Filters search={search} columns={columns} counts={counts} />}
      <div className="jobs-frame">
        {query.data === undefined ? (
          query.isError ? (
            <Failure error={query.error} onRetry={() => void query.refetch()} />
          ) : (
            <Loading label="jobs" heights={[36, 56, 56, 56, 56, 56]} />
          )
        ) : none ? (
          <div className="card">
            <None />
          </div>
        ) : rows.length === 0 && !hasNextPage ? (
          <div className="card">
            <NoMatch search={search} />
          </div>
        ) : (
          <div className="card jobs-list" aria-busy={query.isPlaceholderData}>
            <JobsTable
              jobs={rows}
              columns={columns}
              search={search}
              selection={selection}
              onSelect={select}
              total={total}
              hasMore={hasNextPage}
              loadMore={loadMore}
              onSee={see}
            />
          </div>
        )}
        <BulkBar jobs={chosen} onClear={() => select(NOTHING)} onDone={done} />
      </div>
      {isFetchNextPageError && <Failure error={query.error} onRetry={() => void fetchNextPage()} />}
      {rows.length > 0 && (
        <p className="small soft">
          {total === null ? `${plural(rows.length, "job")}${hasNextPage ? " so far" : ""}` : plural(total, "job")}
        </p>
      )}
    </Page>
  );
}

/** What the service has counted already; null where names or parts narrow the list. */
function totalOf(
  { name, teacher, dataset }: JobsSearch,
  statuses: readonly string[] | undefined,
  counts: Partial<Record<string, number>> | undefined,
): number | null {
  if (!counts || name || teacher || dataset) return null;
  return (statuses ?? Object.keys(counts)).reduce((sum, status) => sum + (counts[status] ?? 0), 0);
}

const None = () => (
  <Empty
    action={
      <div className="row">
        <NewLink />
        <Link to="/" className="button">
          Try the sample first
        </Link>
      </div>
    }
  >
    No jobs yet. A job distils one teacher into one or more students; the overview shows how to begin with a sample.
  </Empty>
);

function NoMatch({ search: { name, status, teacher, dataset, ...rest } }: { search: JobsSearch }) {
  const narrowed = [status, teacher, dataset].filter(Boolean).length;
  return (
    <Empty
      action={
        <div className="row">
          {name && narrowed > 0 && (
            <Link to="/jobs" search={{ ...rest, name }} className="button">
              Search all jobs for “{name.length > 30 ? `${name.slice(0, 29)}…` : name}”
            </Link>
          )}
          <Link to="/jobs" search={rest} className="button">
            Show all jobs
          </Link>
        </div>
      }
    >
      No job matches {name ? "this name" : "these filters"}
      {name && narrowed > 0 ? " and these filters" : ""}.
    </Empty>
  );
}
