import { Link } from "@tanstack/react-router";
import { bytes, day } from "@/format";
import type { StorageRow } from "./queries";

interface Props {
  rows: readonly StorageRow[];
  chosen: ReadonlySet<string>;
  onChoose: (chosen: ReadonlySet<string>) => void;
}

const WORDS: Record<StorageRow["object"], string> = {
  job: "job",
  dataset: "data set",
  teacher: "teacher",
  upload: "upload",
};

/** Everything that takes room; what something else needs cannot be chosen, and says who needs it. */
export function StorageTable({ rows, chosen, onChoose }: Props) {
  const free = rows.filter(({ deletable }) => deletable);
  const all = free.length > 0 && free.every(({ id }) => chosen.has(id));
  const set = (ids: readonly string[], on: boolean) => {
    const next = new Set(chosen);
    for (const id of ids) on ? next.add(id) : next.delete(id);
    onChoose(next);
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="table-scroll" tabIndex={0} aria-label="Storage">
      <table className="table storage">
        <thead>
          <tr>
            <th scope="col" className="check">
              <input
                type="checkbox"
                aria-label="Choose everything that can go"
                checked={all}
                disabled={free.length === 0}
                onChange={(event) =>
                  set(
                    free.map(({ id }) => id),
                    event.target.checked,
                  )
                }
              />
            </th>
            <th scope="col" className="name">
              Name
            </th>
            <th scope="col">What</th>
            <th scope="col">Status</th>
            <th scope="col" className="number">
              Created
            </th>
            <th scope="col" className="number">
              Size
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td className="check">
                {row.deletable && (
                  <input
                    type="checkbox"
                    aria-label={`Choose ${row.name}`}
                    checked={chosen.has(row.id)}
                    onChange={(event) => set([row.id], event.target.checked)}
                  />
                )}
              </td>
              <td className="name" data-head="Name">
                <span className="stack tight">
                  <Name row={row} />
                  {row.reason && <span className="small soft wrap">{row.reason}</span>}
                </span>
              </td>
              <td data-head="What">{WORDS[row.object]}</td>
              <td data-head="Status">{row.status}</td>
              <td className="number" data-head="Created">
                {day(row.created_at)}
              </td>
              <td className="number strong" data-head="Size">
                {bytes(row.bytes)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Name({ row: { object, id, name } }: { row: StorageRow }) {
  if (object === "upload") {
    return (
      <span className="title wrap" dir="auto">
        {name}
      </span>
    );
  }
  const kind = object === "job" ? "jobs" : object === "teacher" ? "teachers" : "datasets";
  return (
    <Link to={`/${kind}/$id`} params={{ id }} className="title wrap" dir="auto">
      {name}
    </Link>
  );
}
