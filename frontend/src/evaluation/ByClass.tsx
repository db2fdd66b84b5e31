import { useMemo, useState } from "react";
import { percent, percentage, plural, plusMinus } from "@/format";
import { Card } from "@/ui/Card";
import { Key } from "./Key";
import type { Evaluation } from "./queries";

const FEW = 10;

/** Accuracy of each class, the worst first, with the teacher's as a tick. */
export function ByClass({ evaluation }: { evaluation: Evaluation }) {
  const [all, setAll] = useState(false);
  const sorted = useMemo(
    () => evaluation.classes.filter((one) => one.count > 0).sort((a, b) => (a.top1 ?? 0) - (b.top1 ?? 0)),
    [evaluation],
  );
  const shown = all ? sorted : sorted.slice(0, FEW);
  return (
    <Card title="Which classes are hard?" aside="top-1, worst first">
      <div className="stack">
        <ul className={all ? "bars by-class all" : "bars by-class"} aria-label="Top-1 of each class">
          {shown.map((one) => (
            <li
              key={one.index}
              title={`${plural(one.count, "image")}, ${percent(one.top1)} ${plusMinus(one.top1, one.top1_interval)}`}
            >
              <span className="clip" title={one.name} dir="auto">
                {one.name}
              </span>
              <span className="length" aria-hidden="true">
                <span className="filled" style={{ width: `${100 * (one.top1 ?? 0)}%` }} />
                {one.teacher_top1 != null && (
                  <span className="tick teacher" style={{ left: `${100 * one.teacher_top1}%` }} />
                )}
              </span>
              <span className="n">
                {percent(one.top1)}
                {one.teacher_top1 != null && <span className="unseen">, teacher {percentage(one.teacher_top1)} %</span>}
              </span>
            </li>
          ))}
        </ul>
        <div className="spread small soft">
          <span className="row">
            <Key who="student">this student</Key>
            {evaluation.teacher && <Key who="teacher">the teacher</Key>}
          </span>
          {sorted.length > FEW && (
            <button type="button" className="button" onClick={() => setAll(!all)}>
              {all ? "The worst alone" : `All ${plural(sorted.length, "class", "classes")}`}
            </button>
          )}
        </div>
      </div>
    </Card>
  );
}
