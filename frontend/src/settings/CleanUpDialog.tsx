import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { bytes, plural } from "@/format";
import { Dialog } from "@/ui/Dialog";
import { Notice } from "@/ui/faces";
import { Progress } from "@/ui/Progress";
import { type Outcome, removeAll, type StorageRow } from "./queries";

interface Props {
  rows: readonly StorageRow[];
  onClose: () => void;
}

const TOUCHED = ["storage", "jobs", "students", "teachers", "datasets", "uploads", "counts"];

/** Asks with names and sizes, deletes one after the other, and tells what stayed and why. */
export function CleanUpDialog({ rows, onClose }: Props) {
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  const [done, setDone] = useState(0);
  const remove = useMutation({
    mutationFn: () => removeAll(rows, setDone),
    onSettled: () => Promise.all(TOUCHED.map((noun) => client.invalidateQueries({ queryKey: [noun] }))),
  });
  if (remove.data) return <Told outcomes={remove.data} onClose={onClose} />;
  const sum = rows.reduce((all, row) => all + row.bytes, 0);
  return (
    <Dialog title={`Delete ${plural(rows.length, "thing")}, ${bytes(sum)}?`} onClose={onClose}>
      <p>Of a job, its students and their weights go too. This cannot be undone.</p>
      <ul className="going">
        {rows.map((row) => (
          <li key={row.id}>
            <span className="clip" dir="auto" title={row.name}>
              {row.name}
            </span>
            <span className="soft nowrap">{bytes(row.bytes)}</span>
          </li>
        ))}
      </ul>
      {remove.isPending ? (
        <div className="stack tight" role="status">
          <Progress percent={(100 * done) / rows.length} label="Deleted" />
          <span className="small soft">
            {done} of {rows.length}
          </span>
        </div>
      ) : (
        <label className="field">
          <span>
            To be sure, type <b>delete</b>
          </span>
          <input
            className="input"
            value={typed}
            autoComplete="off"
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
      )}
      <div className="row">
        <button type="button" className="button" disabled={remove.isPending} onClick={onClose}>
          Keep them
        </button>
        <button
          type="button"
          className="button danger"
          disabled={typed.trim() !== "delete" || remove.isPending}
          onClick={() => remove.mutate()}
        >
          Delete for good
        </button>
      </div>
    </Dialog>
  );
}

function Told({ outcomes, onClose }: { outcomes: readonly Outcome[]; onClose: () => void }) {
  const gone = outcomes.filter(({ why }) => why === null);
  const kept = outcomes.filter(({ why }) => why !== null);
  const freed = gone.reduce((sum, { row }) => sum + row.bytes, 0);
  return (
    <Dialog
      title={kept.length === 0 ? "All of it is gone" : `${plural(kept.length, "thing")} could not go`}
      onClose={onClose}
    >
      <p>
        {gone.length > 0 ? `${plural(gone.length, "thing")} deleted, ${bytes(freed)} freed.` : "Nothing was deleted."}
      </p>
      {kept.map(({ row, why }) => (
        <Notice key={row.id} kind="warn" title={row.name}>
          <p>{why}</p>
        </Notice>
      ))}
      <div className="row">
        <button type="button" className="button primary" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
