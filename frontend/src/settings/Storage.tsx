import { useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { bytes, plural } from "@/format";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/faces";
import { CleanUpDialog } from "./CleanUpDialog";
import { type StorageKind, type StorageRow, storageQuery } from "./queries";
import { StorageTable } from "./StorageTable";

/** What lies in the storage, and the way to be rid of it. */
export function Storage() {
  const query = useQuery(storageQuery);
  return (
    <Answer query={query} label="storage" heights={[120, 40, 44, 44, 44]}>
      {({ bytes: all, quota, kinds, data }) => (
        <>
          <Card
            title="What takes the room?"
            aside={
              quota.storage_bytes === null ? `${bytes(all)} in all` : `${bytes(all)} of ${bytes(quota.storage_bytes)}`
            }
          >
            <Kinds kinds={kinds} free={Math.max(0, (quota.storage_bytes ?? all) - all)} />
          </Card>
          {data.length === 0 ? (
            <div className="card">
              <Empty>Nothing is stored yet.</Empty>
            </div>
          ) : (
            <CleanUp rows={data} />
          )}
        </>
      )}
    </Answer>
  );
}

const KINDS: Record<StorageKind["kind"], { one: string; many: string; color: string }> = {
  jobs: { one: "job", many: "jobs", color: "var(--series-1)" },
  datasets: { one: "data set", many: "data sets", color: "var(--series-2)" },
  teachers: { one: "teacher", many: "teachers", color: "var(--teacher)" },
  uploads: { one: "upload", many: "uploads", color: "var(--control)" },
};

/** One bar, a part for each kind, as long as it is large, and what is left of the quota; the same in words below. */
function Kinds({ kinds, free }: { kinds: readonly StorageKind[]; free: number }) {
  return (
    <div className="stack">
      <div className="storage-bar" aria-hidden="true">
        {kinds.map(({ kind, bytes }) =>
          bytes > 0 ? <span key={kind} style={{ flexGrow: bytes, background: KINDS[kind].color }} /> : null,
        )}
        {free > 0 && <span style={{ flexGrow: free }} />}
      </div>
      <ul className="storage-kinds">
        {kinds.map(({ kind, count, bytes: size }) => (
          <li key={kind}>
            <span className="swatch" style={{ background: KINDS[kind].color }} aria-hidden="true" />
            <span>{plural(count, KINDS[kind].one, KINDS[kind].many)}</span>
            <b className="strong">{bytes(size)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}

function CleanUp({ rows }: { rows: StorageRow[] }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [asking, setAsking] = useState<readonly StorageRow[] | null>(null);
  const selected = rows.filter(({ id, deletable }) => deletable && chosen.has(id));
  const freed = selected.reduce((sum, row) => sum + row.bytes, 0);
  return (
    <>
      <div className="spread clean-up">
        <p className="soft" role="status">
          {selected.length > 0
            ? `${plural(selected.length, "thing")} chosen, ${bytes(freed)}`
            : "The largest first. Choose what can go."}
        </p>
        <button
          type="button"
          className="button danger"
          disabled={selected.length === 0}
          onClick={() => setAsking(selected)}
        >
          <Trash2 size={14} aria-hidden />
          Delete what is chosen
        </button>
      </div>
      <div className="card flush">
        <StorageTable rows={rows} chosen={chosen} onChoose={setChosen} />
      </div>
      {asking && (
        <CleanUpDialog
          rows={asking}
          onClose={() => {
            setAsking(null);
            setChosen(new Set());
          }}
        />
      )}
    </>
  );
}
