import { useMemo } from "react";
import { count, percent } from "@/format";
import type { Evaluation } from "./queries";

interface Props {
  evaluation: Evaluation;
  names: readonly string[];
  /** How many more than the teacher's, rather than how many. */
  than: boolean;
}

interface Cell {
  /** What is written: a number of images, or by how many it differs. */
  n: number;
  share: number;
  look: "right" | "wrong" | "fewer";
}

/** Every class against every other. */
export function Heat({ evaluation, names, than }: Props) {
  const cells = useMemo(() => cellsOf(evaluation, than), [evaluation, than]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="heat-scroll" tabIndex={0} aria-label="Confusion matrix">
      <table className="heat">
        <caption className="small soft">
          rows: what it is; columns: what the student says{than && "; so many images more than its teacher"}
        </caption>
        <thead>
          <tr>
            <th />
            {names.map((name, column) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two classes may be written alike
              <th key={column} scope="col" title={name}>
                <span className="clip">{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {evaluation.classes.map((row) => (
            <tr key={row.index}>
              <th scope="row" title={row.name}>
                <span className="clip">{row.name}</span>
              </th>
              {names.map((name, column) => {
                const { n, share, look } = cells.get(`${row.index} ${column}`) ?? NOTHING;
                return (
                  <td
                    // biome-ignore lint/suspicious/noArrayIndexKey: two classes may be written alike
                    key={column}
                    className={look}
                    style={{ "--share": `${Math.round(100 * share)}%` } as object}
                    title={`${row.name} → ${name}: ${count(n)}${than ? " more than the teacher" : ` (${percent(row.count ? n / row.count : 0)})`}`}
                  >
                    {n === 0 ? "" : than ? signed(n) : n}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const NOTHING: Cell = { n: 0, share: 0, look: "wrong" };
const LEAST = 0.12; // so that one image is seen

const signed = (n: number) => (n > 0 ? `+${n}` : `\u2212${-n}`);

/** By "row column". A pair that only the teacher confuses is not told, and stays empty. */
function cellsOf({ classes, confusions }: Evaluation, than: boolean): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  const put = (row: number, column: number, images: number, taught: number) => {
    const n = than ? images - taught : images;
    const all = classes[row]?.count ?? 0;
    if (n === 0 || !all) return;
    const right = row === column;
    const good = than ? n > 0 === right : right;
    const reach = (Math.abs(n) / all) ** (right && !than ? 1 : 0.5);
    const look = good ? (right || !than ? "right" : "fewer") : "wrong";
    cells.set(`${row} ${column}`, { n, share: LEAST + (1 - LEAST) * Math.min(1, reach), look });
  };
  for (const { label, predicted, count: n, teacher } of confusions) put(label, predicted, n, teacher ?? 0);
  for (const { index, count: n, top1, teacher_top1 } of classes) {
    put(index, index, Math.round((top1 ?? 0) * n), Math.round((teacher_top1 ?? 0) * n));
  }
  return cells;
}
