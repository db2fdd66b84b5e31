import type { Order } from "@/sort";
import { SortMark } from "./SortMark";

interface Props<Sort extends string> {
  choices: readonly { key: Sort; name: string }[];
  now: { sort: Sort; order: Order };
  /** The same one again: in the other order. */
  onSort: (sort: Sort) => void;
}

/** What a table's head does, where a phone shows rows without one. */
export function SortBy<Sort extends string>({ choices, now, onSort }: Props<Sort>) {
  return (
    <div className="row sort-by">
      <label className="row">
        <span className="small soft">Sort by</span>
        <select className="input" value={now.sort} onChange={(event) => onSort(event.target.value as Sort)}>
          {choices.map(({ key, name }) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button type="button" className="button" aria-label={TURN[now.order]} onClick={() => onSort(now.sort)}>
        <SortMark by={now.order} />
      </button>
    </div>
  );
}

const TURN: Record<Order, string> = { asc: "Rising; turn it round", desc: "Falling; turn it round" };
