import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { isNotFound } from "@/api/client";
import { jobQuery } from "@/jobs/queries";
import { Page } from "@/shell/Page";
import { Failure, Loading } from "@/ui/faces";
import { NewForm } from "./NewForm";
import { limitsQuery, lossesQuery, presetsQuery } from "./queries";

/** A new distillation. `?from=job_…` begins with that job's recipe, `?teacher=` and `?dataset=` with theirs chosen. */
export function NewPage() {
  const search = useSearch({ from: "/shell/jobs/new" });
  const limits = useQuery(limitsQuery);
  const losses = useQuery(lossesQuery);
  const presets = useQuery(presetsQuery);
  const from = useQuery({ ...jobQuery(search.from ?? ""), enabled: search.from !== undefined });
  const gone = isNotFound(from.error);
  const failed = [limits, losses, presets, ...(gone ? [] : [from])].find((one) => one.isError && !one.data);
  const waits = search.from !== undefined && !from.data && !gone;
  if (failed) {
    return (
      <Page title="New distillation">
        <Failure error={failed.error} onRetry={() => void failed.refetch()} />
      </Page>
    );
  }
  if (!limits.data || !losses.data || !presets.data || waits) {
    return (
      <Page title="New distillation">
        <div className="new-grid">
          <Loading label="the form" heights={[130, 200, 260, 66]} />
          <Loading label="the summary" heights={[380, 280]} />
        </div>
      </Page>
    );
  }
  return (
    <NewForm
      schema={limits.data.schema}
      losses={losses.data}
      presets={presets.data}
      from={from.data?.recipe ?? null}
      gone={gone}
      teacher={search.teacher}
      dataset={search.dataset}
    />
  );
}
