import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { duration, plural } from "@/format";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/faces";
import { type Busy, busyQuery, type Worker, workersQuery } from "@/workers/queries";
import { type Usage, usageQuery, usageText } from "@/workers/usage";

const NOBODY: ReadonlyMap<string, Usage> = new Map();

/** Who works, on what, and how hard. */
export function WorkersCard() {
  const query = useQuery(workersQuery());
  const busy = useQuery(busyQuery).data ?? [];
  const trained = busy.flatMap(({ run }) => (run.kind === "train" ? [run.subject] : []));
  const usage = useQuery(usageQuery(trained)).data ?? NOBODY;
  return (
    <Answer query={query} label="workers" heights={[220]}>
      {({ data }) => {
        const here = data.filter((worker) => worker.status !== "stopped");
        const slots = here.reduce((sum, worker) => sum + worker.slots, 0);
        const taken = here.reduce((sum, worker) => sum + worker.busy, 0);
        return (
          <Card title="Workers" aside={here.length ? `${taken} of ${plural(slots, "slot")} busy` : undefined}>
            {here.length === 0 ? (
              <Empty>
                No worker is running, so jobs wait. Start one with <code>distillery worker</code>.
              </Empty>
            ) : (
              <ul className="stack worker-list">
                {here.map((worker) => (
                  <OneWorker key={worker.id} worker={worker} busy={busy} usage={usage} />
                ))}
              </ul>
            )}
          </Card>
        );
      }}
    </Answer>
  );
}

interface Props {
  worker: Worker;
  busy: readonly Busy[];
  usage: ReadonlyMap<string, Usage>;
}

/** A line for each slot that is busy, and one for all that are free. */
function OneWorker({ worker, busy, usage }: Props) {
  const own = busy.filter(({ run }) => run.worker === worker.id);
  const unseen = Math.max(0, worker.busy - own.length);
  const free = Math.max(0, worker.slots - worker.busy);
  if (worker.status === "silent") {
    return (
      <Line host={worker.hostname} what={null} aside={`silent for ${duration(worker.heartbeat_age_seconds)}`} warn />
    );
  }
  return (
    <>
      {own.map(({ run, job }) => (
        <Line
          key={run.id}
          host={worker.hostname}
          what={run.kind === "train" ? { id: run.subject, name: job?.name ?? run.subject } : null}
          doing={run.kind === "read_dataset" ? "reads a data set" : "reads a teacher"}
          usage={usage.get(run.subject)}
        />
      ))}
      {unseen > 0 && (
        <Line host={worker.hostname} what={null} aside={unseen === 1 ? "busy" : `${unseen} more slots are busy`} />
      )}
      {free > 0 && (
        <Line host={worker.hostname} what={null} aside={free === 1 ? "one slot free" : `${free} slots free`} />
      )}
    </>
  );
}

interface LineProps {
  host: string;
  what: { id: string; name: string } | null;
  doing?: string;
  aside?: string;
  usage?: Usage | undefined;
  warn?: boolean;
}

function Line({ host, what, doing = "", aside = "", usage, warn = false }: LineProps) {
  return (
    <li className="worker-line">
      <span className="worker-who">
        <code className="clip" title={host}>
          {host}
        </code>
        {what ? (
          <Link to="/jobs/$id" params={{ id: what.id }} className="small quiet clip" title={what.name} dir="auto">
            {what.name}
          </Link>
        ) : (
          !aside && <span className="small soft clip">{doing}</span>
        )}
        <span className={`small nowrap ${warn ? "warn" : "soft"}`}>{usage ? usageText(usage) : aside}</span>
      </span>
      <span className="bar" aria-hidden="true">
        {usage && <span className="used" style={{ width: `${Math.min(100, 100 * usage.share)}%` }} />}
      </span>
    </li>
  );
}
