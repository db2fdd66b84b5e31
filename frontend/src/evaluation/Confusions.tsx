import { useMemo } from "react";
import { count, percent, plural } from "@/format";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/faces";
import type { Evaluation } from "./queries";

const MAPPED = 24; // classes that a map can show
const LISTED = 12;

interface Props {
  evaluation: Evaluation;
  names: readonly string[];
}

/** Which classes are taken for each other: all of them as a map where they are few, and the most frequent pairs. */
export function Confusions({ evaluation, names }: Props) {
  const { confusions } = evaluation;
  const wrong = confusions.reduce((sum, one) => sum + one.count, 0) + evaluation.confusions_left_out;
  return (
    <Card title="What does it mix up?" aside={wrong ? plural(wrong, "image") : undefined}>
      {confusions.length === 0 ? (
        <Empty>Nothing: every image is right.</Empty>
      ) : (
        <div className={names.length <= MAPPED ? "confusions mapped" : "confusions"}>
          {names.length <= MAPPED && <Heat evaluation={evaluation} names={names} />}
          <div className="stack">
            <ol className="pairs">
              {confusions.slice(0, LISTED).map((one) => (
                <li key={`${one.label}-${one.predicted}`}>
                  <span className="wrap">
                    <bdi>{names[one.label]}</bdi> <span className="soft">taken for</span>{" "}
                    <bdi>{names[one.predicted]}</bdi>
                  </span>
                  <span className="nowrap">
                    {count(one.count)}
                    {one.teacher != null && <span className="small teacher"> teacher {count(one.teacher)}</span>}
                  </span>
                </li>
              ))}
            </ol>
            {confusions.length > LISTED && (
              <p className="small soft">and {plural(confusions.length - LISTED, "further pair")} in evaluation.json</p>
            )}
          </div>
        </div>
      )}
    </Card>
  );
}

function Heat({ evaluation, names }: Props) {
  const counts = useMemo(() => {
    const cells = new Map(evaluation.confusions.map((one) => [`${one.label} ${one.predicted}`, one.count]));
    for (const one of evaluation.classes) {
      cells.set(`${one.index} ${one.index}`, Math.round((one.top1 ?? 0) * one.count));
    }
    return cells;
  }, [evaluation]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="heat-scroll" tabIndex={0} aria-label="Confusion matrix">
      <table className="heat">
        <caption className="small soft">rows: what it is; columns: what the student says</caption>
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
                const n = counts.get(`${row.index} ${column}`) ?? 0;
                const share = row.count ? n / row.count : 0;
                const right = row.index === column;
                return (
                  <td
                    // biome-ignore lint/suspicious/noArrayIndexKey: two classes may be written alike
                    key={column}
                    className={right ? "right" : "wrong"}
                    style={
                      {
                        "--share": `${Math.round(100 * (n ? 0.12 + 0.88 * share ** (right ? 1 : 0.5) : 0))}%`,
                      } as object
                    }
                    title={`${row.name} → ${name}: ${count(n)} (${percent(share)})`}
                  >
                    {n || ""}
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
