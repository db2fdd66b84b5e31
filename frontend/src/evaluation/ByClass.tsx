import { Search } from "lucide-react";
import { useMemo } from "react";
import { count, plural, points } from "@/format";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/faces";
import { Choice } from "@/uploads/Choice";
import { Dumbbells } from "./Dumbbells";
import { axisOf, found, type Gap, gapsOf, type Order, ordered, tally } from "./gaps";
import { Key } from "./Key";
import type { Evaluation } from "./queries";
import { useView } from "./search";

const FEW = 10;

interface Props {
  /** The student's, as titles say it. */
  name: string;
  evaluation: Evaluation;
  /** Of the same network without a teacher, where there is one. */
  control?: Evaluation | undefined;
}

const ORDERS: readonly { key: Order; name: string }[] = [
  { key: "behind", name: "still behind" },
  { key: "ahead", name: "ahead" },
  { key: "hardest", name: "hardest" },
];

/** Accuracy class by class: student and teacher on one axis, the largest gap first. */
export function ByClass({ name, evaluation, control }: Props) {
  const [view, change] = useView();
  const gaps = useMemo(() => gapsOf(evaluation, control), [evaluation, control]);
  const taught = evaluation.teacher !== null;
  const order = taught ? (view.order ?? "behind") : "hardest";
  const text = view.find ?? "";
  const sorted = useMemo(() => found(ordered(gaps, order), text), [gaps, order, text]);
  const all = !!view.all;
  return (
    <Card title={title(name, order, taught)} aside="top-1 per class, %" className="by-class">
      <div className="stack">
        <div className="row by-class-head">
          {taught && (
            <Choice
              label="Which classes come first"
              choices={ORDERS}
              value={order}
              onChange={(to) => change({ order: to === "behind" ? undefined : to })}
            />
          )}
          {gaps.length > FEW && (
            <div className="search">
              <Search size={16} aria-hidden />
              <input
                className="input"
                type="search"
                aria-label="Search a class"
                placeholder="Search a class"
                value={text}
                onChange={(event) => change({ find: event.target.value || undefined })}
              />
            </div>
          )}
        </div>
        {sorted.length === 0 ? (
          <Empty>{nothing(order, text)}</Empty>
        ) : (
          <Dumbbells rows={all ? sorted : sorted.slice(0, FEW)} axis={axisOf(gaps)} scrolls={all} />
        )}
        <div className="spread small soft by-class-foot">
          <span className="row">
            <Key who="student">{name}</Key>
            {taught && <Key who="teacher">the teacher</Key>}
            {control && <Key who="control">without a teacher</Key>}
          </span>
          {sorted.length > FEW && (
            <button type="button" className="button" onClick={() => change({ all: all ? undefined : true })}>
              {all ? `The first ${FEW} alone` : `All ${plural(sorted.length, "class", "classes")}`}
            </button>
          )}
        </div>
        <p className="small soft">{told(gaps, taught)}</p>
      </div>
    </Card>
  );
}

function title(name: string, order: Order, taught: boolean): string {
  if (!taught || order === "hardest") return `Which classes are hard for ${name}?`;
  return order === "behind" ? `Where is ${name} still behind?` : `Where is ${name} ahead of its teacher?`;
}

function nothing(order: Order, text: string): string {
  if (text) return `No class here has “${text}” in its name.`;
  return order === "behind" ? "Nowhere: no class is worse than with the teacher." : "Nowhere.";
}

/** How many classes are where; and how much a single image weighs, which no axis shows. */
function told(gaps: readonly Gap[], taught: boolean): string {
  const sizes = gaps.map((one) => one.count).sort((a, b) => a - b);
  const middle = sizes[sizes.length >> 1] ?? 0;
  const weight = middle
    ? `A class has ${sizes[0] === sizes.at(-1) ? "" : "about "}${plural(middle, "image")} here: one is ${points(1 / middle).slice(1)} points.`
    : "";
  if (!taught) return weight;
  const { behind, level, ahead } = tally(gaps);
  const of = plural(gaps.length, "class", "classes");
  return `Behind in ${count(behind)} of ${of}, level in ${count(level)}, ahead in ${count(ahead)}. ${weight}`;
}
