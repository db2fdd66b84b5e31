import { useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { valueAt } from "@/charts/align";
import { ago, bytes, count, percent } from "@/format";
import { Answer } from "@/ui/Answer";
import { CopyButton, Hash } from "@/ui/Copy";
import { Empty } from "@/ui/faces";
import { type Column, Table } from "@/ui/Table";
import { AccuracyChart } from "./AccuracyChart";
import { groupsOf, meanOf } from "./groups";
import { useJob } from "./JobPage";
import { checkpointsQuery, type Job, metricsQuery, OVER, type Series } from "./queries";

type Checkpoint = Schema<"CheckpointRead">;

/** What the job can be resumed from, and how good its students were there. */
export function JobCheckpoints() {
  const job = useJob();
  const query = useQuery(checkpointsQuery(job.id));
  const series = useQuery(metricsQuery(job.id)).data?.series ?? [];
  return (
    <Answer query={query} label="checkpoints" heights={[40, 44, 44]}>
      {({ data }) =>
        data.length === 0 ? (
          <div className="card">
            <Empty>
              {OVER.includes(job.status)
                ? "No checkpoint is kept of this job."
                : "No checkpoint yet. One is written every epoch or every five minutes, whichever comes first."}
            </Empty>
          </div>
        ) : (
          <>
            <div className="card flush">
              <Table label="Checkpoints" rows={data} id={(row) => row.id} columns={columns(job, series, data)} />
            </div>
            {series.length > 0 && (
              <AccuracyChart job={job} series={series} height={300} keyed kept={data.map((row) => row.step)} />
            )}
            <p className="small soft">
              The last two are kept, and the job goes on from the newest. Each student's best weights are among its
              files, not here.
            </p>
          </>
        )
      }
    </Answer>
  );
}

const MOST = 4; // students with a column of their own

function columns(job: Job, series: readonly Series[], rows: readonly Checkpoint[]): Column<Checkpoint>[] {
  const students = groupsOf(job.students).map((group) => {
    const curve = meanOf(series, "val/top1", group.members);
    return { name: group.name, at: (step: number) => valueAt(curve, step) };
  });
  const top = ({ step }: Checkpoint) => Math.max(...students.map((one) => one.at(step) ?? -1));
  const newest = rows.reduce((last, row) => (row.step > last.step ? row : last));
  const best = rows.reduce((first, row) => (top(row) > top(first) ? row : first));
  const marks = (row: Checkpoint) =>
    [row === newest ? "newest" : "", rows.length > 1 && row === best && top(row) >= 0 ? "best" : ""].filter(Boolean);
  const figures: Column<Checkpoint>[] =
    students.length <= MOST
      ? students.map(({ name, at }) => ({
          head: `${name}, top-1`,
          kind: "number",
          cell: (row) => percent(at(row.step)),
        }))
      : [{ head: "Best student, top-1", kind: "number", cell: (row) => (top(row) >= 0 ? percent(top(row)) : "–") }];
  return [
    {
      head: "Step",
      cell: (row) => (
        <span className="row">
          {count(row.step)}
          {marks(row).map((mark) => (
            <span key={mark} className={`mark ${mark}`}>
              {mark}
            </span>
          ))}
        </span>
      ),
    },
    { head: "Epoch", kind: "number", cell: (row) => count(row.epoch) },
    ...(series.length ? figures : []),
    { head: "Attempt", kind: "number", cell: (row) => count(row.attempt) },
    { head: "Size", kind: "number", cell: (row) => bytes(row.bytes) },
    {
      head: "SHA-256",
      cell: (row) => (
        <span className="row nowrap">
          <Hash value={row.sha256} />
          <CopyButton text={row.sha256} label={`Copy the hash of step ${row.step}`} />
        </span>
      ),
    },
    { head: "Written", kind: "number", cell: (row) => <span className="soft">{ago(row.created_at)}</span> },
  ];
}
