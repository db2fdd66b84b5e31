import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { AddressedCharts } from "@/charts/AddressedCharts";
import { Page } from "@/shell/Page";
import { Empty, Failure, Loading, Notice } from "@/ui/faces";
import { Cautioned } from "./Cautioned";
import { Classes } from "./Classes";
import { Configuration } from "./Configuration";
import { Along, Curves } from "./Curves";
import { candidatesOf, cautions } from "./candidates";
import { Figures } from "./Figures";
import { Picker } from "./Picker";
import { useCurves, useJobs, useStudents } from "./queries";
import { type CompareSearch, FEWEST, idsOf, withJob, withoutJob } from "./search";

/** Two to eight jobs side by side: how they learned, what came out, and what was asked of them otherwise. */
export function ComparePage() {
  const search = useSearch({ from: "/shell/compare" }) as CompareSearch;
  const navigate = useNavigate({ from: "/compare" });
  const to = (next: CompareSearch) => void navigate({ search: next, replace: true });
  const ids = idsOf(search);
  const { jobs, gone, broken, loading } = useJobs(ids);
  const series = useCurves(jobs).data;
  const students = useStudents(jobs);
  const candidates = useMemo(() => candidatesOf(jobs, series ?? new Map()), [jobs, series]);
  const remove = (id: string) => void navigate({ search: withoutJob(search, ids, id) });
  return (
    <AddressedCharts>
      <Page title="Compare" aside={jobs.length >= FEWEST && <Along candidates={candidates} />}>
        <Picker
          candidates={candidates}
          chosen={ids}
          onAdd={(id) => void navigate({ search: withJob(search, id) })}
          onRemove={remove}
        />
        {gone.length > 0 && (
          <Notice kind="warn" title={gone.length === 1 ? "One job is not there" : `${gone.length} jobs are not there`}>
            <p className="wrap">
              {gone.join(", ")}: deleted, or never here.{" "}
              <button
                type="button"
                className="button small"
                onClick={() => to(gone.reduce<CompareSearch>((rest, id) => withoutJob(rest, idsOf(rest), id), search))}
              >
                Take out of the address
              </button>
            </p>
          </Notice>
        )}
        {broken && <Failure error={broken.error} onRetry={() => void broken.refetch()} />}
        {loading && jobs.length === 0 ? (
          <Loading label="the jobs" heights={[320, 240]} />
        ) : jobs.length < FEWEST ? (
          <div className="card">
            <Empty>
              {jobs.length === 0
                ? "Choose two to eight jobs in the box above, or tick them in the list of jobs: their curves, figures and differences come here."
                : "One more: a comparison takes two."}
            </Empty>
          </div>
        ) : (
          <>
            {cautions(candidates).map((caution) => (
              <Cautioned key={caution.title} caution={caution} />
            ))}
            <Curves candidates={candidates} series={series} />
            <Figures candidates={candidates} students={students} search={search} onChange={to} />
            <Configuration candidates={candidates} search={search} onChange={to} />
            <Classes candidates={candidates} search={search} onChange={to} />
          </>
        )}
      </Page>
    </AddressedCharts>
  );
}
