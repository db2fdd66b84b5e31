import { Link } from "@tanstack/react-router";
import { Progress } from "@/ui/Progress";
import type { Busy, Worker } from "./queries";
import { type Usage, usageText } from "./usage";

interface Props {
  worker: Worker;
  busy: readonly Busy[];
  usage: ReadonlyMap<string, Usage>;
}

/** What each slot does: the work that can be seen from this project first, then what it cannot see, then what is free. */
export function SlotWork({ worker, busy, usage }: Props) {
  const own = busy.filter(({ run }) => run.worker === worker.id);
  const others = Math.max(0, worker.busy - own.length);
  const free = Math.max(0, worker.slots - worker.busy);
  if (worker.status !== "online") return <span className="soft">–</span>;
  return (
    <ul className="slot-list">
      {own.map((one) => (
        <li key={one.run.id}>
          <One one={one} usage={usage.get(one.run.subject)} />
        </li>
      ))}
      {others > 0 && <li className="soft small">{told(others, own.length > 0 ? "more " : "", "busy")}</li>}
      {free > 0 && <li className="soft small">{told(free, "", "free")}</li>}
    </ul>
  );
}

function One({ one: { run, job }, usage }: { one: Busy; usage: Usage | undefined }) {
  const { subject, kind } = run;
  if (kind === "train") {
    return (
      <span className="stack tight">
        <span className="spread nowrap-row">
          <Link to="/jobs/$id" params={{ id: subject }} className="title wrap">
            {job?.name ?? subject}
          </Link>
          {usage && <span className="small soft nowrap">{usageText(usage)}</span>}
        </span>
        {job && <Progress percent={job.progress.percent} label={`${job.name}: progress`} />}
      </span>
    );
  }
  return kind === "read_dataset" ? (
    <Link to="/datasets/$id" params={{ id: subject }}>
      reads a data set
    </Link>
  ) : (
    <Link to="/teachers/$id" params={{ id: subject }}>
      reads a teacher
    </Link>
  );
}

const told = (slots: number, more: string, how: string) =>
  slots === 1 ? `one ${more}slot is ${how}` : `${slots} ${more}slots are ${how}`;
