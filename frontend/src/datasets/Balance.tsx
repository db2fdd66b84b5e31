import { useMemo, useState } from "react";
import { count, plural } from "@/format";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/faces";
import { Choice } from "@/uploads/Choice";
import type { Dataset, Split } from "./queries";

const ALL = 24; // classes that are drawn one by one
const ENDS = 8; // of more: so many at either end
const COLUMNS = 240; // of the skyline

/** How many images each class has, the largest first: every one of a few, the ends and the outline of many. */
export function Balance({ dataset }: { dataset: Dataset }) {
  const [split, setSplit] = useState<Split>("train");
  const { report, classes } = dataset;
  const counts = report?.per_class[split];
  const sorted = useMemo(
    () => (counts ?? []).map((n, i) => ({ name: classes?.[i] ?? "", n })).sort((a, b) => b.n - a.n),
    [counts, classes],
  );
  if (!report || !counts) {
    return (
      <Card title="Is it balanced?">
        <Empty>This data set was read before images were counted per class.</Empty>
      </Card>
    );
  }
  const most = sorted[0]?.n ?? 0;
  const few = sorted.length <= ALL;
  const splits = (["train", "val", "test"] as const)
    .filter((one) => report.per_class[one])
    .map((key) => ({ key, name: key }));
  return (
    <Card title="Is it balanced?" aside={said(sorted)}>
      <div className="stack">
        {splits.length > 1 && <Choice label="Split of the counts" choices={splits} value={split} onChange={setSplit} />}
        {few ? (
          <Bars rows={sorted} most={most} label="Images of each class" />
        ) : (
          <>
            <Skyline values={sorted.map((one) => one.n)} most={most} />
            {sorted.at(-1)?.n !== most && (
              <div className="grid">
                <Bars rows={sorted.slice(0, ENDS)} most={most} label="The largest classes" titled />
                <Bars rows={sorted.slice(-ENDS)} most={most} label="The smallest classes" titled />
              </div>
            )}
          </>
        )}
      </div>
    </Card>
  );
}

interface Row {
  name: string;
  n: number;
}

function said(sorted: readonly Row[]): string {
  const [most, least] = [sorted[0]?.n ?? 0, sorted.at(-1)?.n ?? 0];
  if (most === least) return `${plural(most, "image")} in each class`;
  const none = sorted.filter((one) => one.n === 0).length;
  if (none) return `${plural(none, "class", "classes")} without an image`;
  const ratio = (most / least).toFixed(1);
  const even = ratio === "1.0" ? "nearly the same in each class" : `${ratio} times as many in the largest`;
  return `${count(least)} to ${count(most)} images, ${even}`;
}

function Bars({ rows, most, label, titled }: { rows: readonly Row[]; most: number; label: string; titled?: boolean }) {
  return (
    <div className="stack tight">
      {titled && <h3 className="small soft">{label}</h3>}
      <ul className="bars" aria-label={label}>
        {rows.map((row, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two classes may be written alike
          <li key={i}>
            <span className="clip" title={row.name} dir="auto">
              {row.name}
            </span>
            <span className="length" aria-hidden="true">
              <span className="filled" style={{ width: `${most ? (100 * row.n) / most : 0}%` }} />
            </span>
            <span className="n">{count(row.n)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The outline of all classes side by side: a cliff or a long tail is seen at once. */
function Skyline({ values, most }: { values: readonly number[]; most: number }) {
  const columns = Math.min(COLUMNS, values.length);
  const at = (column: number) => values[Math.floor(((column + 0.5) * values.length) / columns)] ?? 0;
  const top = (n: number) => 60 - (most ? (60 * n) / most : 0);
  const steps = Array.from({ length: columns }, (_, i) => `V${top(at(i)).toFixed(2)}H${i + 1}`).join("");
  return (
    <figure className="skyline">
      <svg
        viewBox={`0 0 ${columns} 60`}
        preserveAspectRatio="none"
        role="img"
        aria-label="Images of all classes, sorted"
      >
        <path d={`M0 60${steps}V60Z`} />
      </svg>
      <figcaption className="spread small soft">
        <span>largest: {count(values[0])}</span>
        <span>{plural(values.length, "class", "classes")}, sorted</span>
        <span>smallest: {count(values.at(-1))}</span>
      </figcaption>
    </figure>
  );
}
