import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useEffect, useState } from "react";
import { ago, percent, points } from "@/format";
import { Page } from "@/shell/Page";
import { Answer } from "@/ui/Answer";
import { Empty } from "@/ui/faces";
import { Progress } from "@/ui/Progress";
import { Status } from "@/ui/Status";
import { type Column, Table } from "@/ui/Table";
import { useNow } from "@/ui/useNow";
import { NewLink } from "./NewLink";
import { type Job, type JobStatus, jobsQuery, OVER } from "./queries";
import { bestOf, bestTop1, JobName, left } from "./Summary";

const CHOICES: readonly JobStatus[] = ["queued", "running", "paused", "succeeded", "failed", "cancelled"];

const COLUMNS: readonly Column<Job>[] = [
  { head: "Job", kind: "name", cell: (job) => <JobName job={job} /> },
  { head: "Status", cell: (job) => <Status value={job.status} /> },
  { head: "Progress", cell: (job) => <RowProgress job={job} /> },
  { head: "Best top-1", kind: "number", cell: bestTop1 },
  { head: "Over control", kind: "number", cell: (job) => points(bestOf(job)?.standing.difference) },
  { head: "Gap closed", kind: "number", cell: (job) => percent(bestOf(job)?.standing.gapClosed, 0) },
  { head: "Created", kind: "number", cell: (job) => <span className="soft">{ago(job.created_at)}</span> },
];

function RowProgress({ job }: { job: Job }) {
  const over = OVER.includes(job.status);
  return (
    <div className="row nowrap job-progress">
      <Progress percent={job.progress.percent} label={`${job.name}: progress`} />
      <span className="small soft">
        {Math.floor(job.progress.percent)}
        {"\u202f"}%{!over && left(job) !== "–" ? ` · ${left(job)} left` : ""}
      </span>
    </div>
  );
}

export function JobsPage() {
  const search = useSearch({ from: "/shell/jobs" });
  const navigate = useNavigate({ from: "/jobs" });
  const { status, name, after } = search;
  const query = useQuery(
    jobsQuery({ ...(status ? { status: [status] } : {}), ...(name ? { name } : {}), ...(after ? { after } : {}) }),
  );
  useNow(30_000);
  return (
    <Page
      title="Jobs"
      aside={
        <>
          <NameSearch
            value={name ?? ""}
            onChange={(to) =>
              void navigate({ search: { ...(status ? { status } : {}), ...(to ? { name: to } : {}) }, replace: true })
            }
          />
          <NewLink />
        </>
      }
    >
      <fieldset className="row filters">
        <legend className="unseen">Status</legend>
        <Link
          to="/jobs"
          search={name ? { name } : {}}
          className="button small"
          aria-current={status ? undefined : "true"}
        >
          all
        </Link>
        {CHOICES.map((choice) => (
          <Link
            key={choice}
            to="/jobs"
            search={{ status: choice, ...(name ? { name } : {}) }}
            className="button small"
            aria-current={status === choice ? "true" : undefined}
          >
            {choice}
          </Link>
        ))}
      </fieldset>
      <Answer query={query} label="jobs" heights={[40, 56, 56, 56]}>
        {(page) =>
          page.data.length === 0 ? (
            <div className="card">
              <Empty
                action={
                  status || name || after ? (
                    <Link to="/jobs" className="button">
                      Show all jobs
                    </Link>
                  ) : (
                    <Link to="/" className="button">
                      To the overview
                    </Link>
                  )
                }
              >
                {status || name || after
                  ? "No job matches."
                  : "No jobs yet. The overview shows how to start with a sample."}
              </Empty>
            </div>
          ) : (
            <>
              <div className="card flush">
                <Table label="Jobs" columns={COLUMNS} rows={page.data} id={(job) => job.id} />
              </div>
              <nav className="row" aria-label="Pages">
                {after && (
                  <Link to="/jobs" search={{ ...search, after: undefined } as never} className="button">
                    Newest
                  </Link>
                )}
                {page.next && (
                  <Link to="/jobs" search={{ ...search, after: page.next }} className="button">
                    Older
                  </Link>
                )}
              </nav>
            </>
          )
        }
      </Answer>
    </Page>
  );
}

/** Follows the typing after a moment, so that the address and the question do not change with every letter. */
function NameSearch({ value, onChange }: { value: string; onChange: (name: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = window.setTimeout(() => onChange(text), 250);
    return () => window.clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <div className="search">
      <Search size={16} aria-hidden />
      <input
        className="input"
        type="search"
        aria-label="Search jobs by name"
        placeholder="Search by name"
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
}
