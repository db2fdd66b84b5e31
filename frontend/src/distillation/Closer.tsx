import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { isNotFound } from "@/api/client";
import { datasetQuery } from "@/datasets/queries";
import { ByClass } from "@/evaluation/ByClass";
import { EvaluationHead, Parts } from "@/evaluation/Parts";
import { evaluationQuery } from "@/evaluation/queries";
import { useView } from "@/evaluation/search";
import { duration } from "@/format";
import { isActive, type Job } from "@/jobs/queries";
import { Card } from "@/ui/Card";
import { Failure, Skeleton } from "@/ui/faces";
import { brief, type Chosen } from "./chosen";

interface Props {
  job: Job;
  chosen: Chosen;
  /** What stands beside the classes. */
  children: ReactNode;
}

/** One student class by class and image by image, beside its teacher and its control: known when its training ended. */
export function Closer({ job, chosen, children }: Props) {
  const [view] = useView();
  const { member, control, group } = chosen;
  const name = brief(group.name);
  const trained = member.status === "trained";
  const query = useQuery({ ...evaluationQuery(member.id, view.split), enabled: trained });
  const beside = useQuery({
    ...evaluationQuery(control?.id ?? "", query.data?.split),
    enabled: trained && control?.status === "trained" && query.data !== undefined,
  });
  const dataset = useQuery({ ...datasetQuery(query.data?.dataset ?? ""), enabled: query.data !== undefined }).data;
  const evaluation = query.data;
  if (!evaluation) {
    return (
      <>
        {children}
        <Card title={job.teacher ? `Where is ${name} still behind?` : `Which classes are hard for ${name}?`}>
          {trained && query.isError && !isNotFound(query.error) ? (
            <Failure error={query.error} onRetry={() => void query.refetch()} />
          ) : trained && query.isPending ? (
            <Skeleton height={320} />
          ) : (
            <p className="soft">{later(job, member.status)}</p>
          )}
        </Card>
      </>
    );
  }
  return (
    <>
      {evaluation.splits.length > 1 && <EvaluationHead evaluation={evaluation} />}
      <div className="grid wide-first">
        {children}
        <ByClass name={name} evaluation={evaluation} control={beside.data} />
      </div>
      <Parts id={member.id} name={name} evaluation={evaluation} dataset={dataset} />
    </>
  );
}

/** Why there is nothing to see yet, or never. */
function later(job: Job, status: string): string {
  if (status === "trained")
    return "It was trained before this was kept. Train it again to see its classes and mistakes.";
  if (isActive(job) || job.status === "paused") {
    const left = job.progress.eta_seconds;
    const when = job.status === "running" && left != null ? `, in about ${duration(left)}` : "";
    return `Its classes, its confidence and the images on which it differs from its teacher are measured when the training ends${when}.`;
  }
  return "Its training ended before its classes were measured.";
}
