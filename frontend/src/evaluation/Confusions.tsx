import { useMemo } from "react";
import { useFaces } from "@/datasets/faces";
import { Images } from "@/datasets/Images";
import type { Dataset } from "@/datasets/queries";
import { count, plural } from "@/format";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/faces";
import { Choice } from "@/uploads/Choice";
import { moreOften } from "./gaps";
import { Heat } from "./Heat";
import { Key } from "./Key";
import type { Confused, Evaluation } from "./queries";
import { useView } from "./search";

const MAPPED = 24; // classes that a map can show
const LISTED = 10;
const SIDE = 40;

interface Props {
  name: string;
  evaluation: Evaluation;
  names: readonly string[];
  dataset: Dataset | undefined;
}

const WAYS = [
  { key: "more", name: "more than its teacher" },
  { key: "most", name: "most often" },
] as const;

/** Which classes are taken for each other: what the teacher tells apart first, and all of them as a map if they are few. */
export function Confusions({ name, evaluation, names, dataset }: Props) {
  const [view, change] = useView();
  const { confusions } = evaluation;
  const taught = evaluation.teacher !== null;
  const way = taught ? (view.pairs ?? "more") : "most";
  const pairs = useMemo(() => (way === "more" ? moreOften(confusions) : confusions), [way, confusions]);
  const wrong = confusions.reduce((sum, one) => sum + one.count, 0) + evaluation.confusions_left_out;
  const mapped = names.length <= MAPPED;
  return (
    <Card
      title={way === "more" ? `What does ${name} mix up that its teacher tells apart?` : `What does ${name} mix up?`}
      aside={wrong ? `${plural(wrong, "image")} taken for another class` : undefined}
    >
      <div className="stack">
        {taught && confusions.length > 0 && (
          <Choice
            label="Which pairs come first"
            choices={WAYS}
            value={way}
            onChange={(to) => change({ pairs: to === "most" ? to : undefined })}
          />
        )}
        {pairs.length === 0 ? (
          <Empty>
            {confusions.length === 0
              ? "Nothing: every image is right."
              : "Nothing: its teacher confuses every such pair as often."}
          </Empty>
        ) : (
          <div className={mapped ? "confusions mapped" : "confusions"}>
            {mapped && <Heat evaluation={evaluation} names={names} than={way === "more"} />}
            <div className="stack">
              <Pairs name={name} pairs={pairs.slice(0, LISTED)} names={names} dataset={dataset} taught={taught} />
              <div className="spread small soft">
                {pairs.length > LISTED && (
                  <span>and {plural(pairs.length - LISTED, "further pair")}, all of them in evaluation.json</span>
                )}
                <span className="row">
                  <Key who="student">{name}</Key>
                  {taught && <Key who="teacher">the teacher, of such images</Key>}
                </span>
              </div>
            </div>
          </div>
        )}
      </div>
    </Card>
  );
}

interface PairsProps {
  name: string;
  pairs: readonly Confused[];
  names: readonly string[];
  dataset: Dataset | undefined;
  taught: boolean;
}

/** Pairs with a picture of each class, and how often each of the two networks confuses them. */
function Pairs({ name, pairs, names, dataset, taught }: PairsProps) {
  const faces = useFaces(dataset, [...new Set(pairs.flatMap((one) => [one.label, one.predicted]))]);
  const most = Math.max(1, ...pairs.map((one) => Math.max(one.count, one.teacher ?? 0)));
  const member = (index: number) => (
    <span className="mixed">
      <span className="mixed-face">
        <Images images={[]} of="" crisp={false} {...faces.get(index)} side={SIDE} />
      </span>
      <span className="clip" title={names[index]} dir="auto">
        {names[index]}
      </span>
    </span>
  );
  return (
    <ol className="mixups" aria-label="Pairs of classes">
      {pairs.map((one) => (
        <li key={`${one.label}-${one.predicted}`}>
          {member(one.label)}
          <span className="small soft">taken for</span>
          {member(one.predicted)}
          <span className="mixed-bars small">
            <Bar who="student" n={one.count} of={most} label={name} />
            {taught && <Bar who="teacher" n={one.teacher ?? 0} of={most} label="the teacher" />}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Bar({ who, n, of, label }: { who: "student" | "teacher"; n: number; of: number; label: string }) {
  return (
    <span className="mixed-bar" title={`${label}: ${plural(n, "image")}`}>
      <span className="unseen">{label}:</span>
      <span className={`length ${who}`} style={{ width: `${(100 * n) / of}%` }} aria-hidden />
      <span className="n">{count(n)}</span>
    </span>
  );
}
