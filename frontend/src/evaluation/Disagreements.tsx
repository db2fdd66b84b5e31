import { useQuery } from "@tanstack/react-query";
import { Check, X } from "lucide-react";
import { useState } from "react";
import { count, percent, plural } from "@/format";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/faces";
import { Choice } from "@/uploads/Choice";
import { countsOf, type Kind, kindOf } from "./gaps";
import { type Disagreement, disagreementsQuery, type Evaluation } from "./queries";
import { useView } from "./search";

const SIDE = 128;
const PAGE = 16;

interface Props {
  id: string;
  name: string;
  evaluation: Evaluation;
  names: readonly string[];
  /** Small images are shown as they are, pixel by pixel. */
  crisp: boolean;
}

const KINDS: readonly { key: Kind; name: string }[] = [
  { key: "teacher", name: "teacher right" },
  { key: "student", name: "student right" },
  { key: "neither", name: "both wrong" },
];

/** The images on which student and teacher differ; without a teacher, the mistakes it was surest of. */
export function Disagreements({ id, name, evaluation, names, crisp }: Props) {
  const [view, change] = useView();
  const counts = countsOf(evaluation);
  const kind = counts ? (view.differ ?? "teacher") : null;
  const query = useQuery(disagreementsQuery(id, evaluation.split));
  return (
    <Card title={title(name, kind)} aside={counts && kind ? aside(counts[kind]) : "the least likely label first"}>
      <div className="stack">
        {counts && kind && (
          <Choice
            label="Who is right"
            choices={KINDS.map((one) => ({ ...one, name: `${one.name} ${count(counts[one.key])}` }))}
            value={kind}
            onChange={(to) => change({ differ: to === "teacher" ? undefined : to })}
          />
        )}
        <Answer query={query} label="the images" heights={[SIDE + 60]}>
          {(all) => (
            <Gallery
              key={kind}
              rows={kind ? all.filter((one) => kindOf(one) === kind) : all}
              known={counts && kind ? counts[kind] : 0}
              names={names}
              crisp={crisp}
              kind={kind}
            />
          )}
        </Answer>
      </div>
    </Card>
  );
}

function title(name: string, kind: Kind | null): string {
  if (kind === "teacher") return `Teacher right, ${name} wrong`;
  if (kind === "student") return `${name} right, teacher wrong`;
  return kind ? "Both wrong, each in its own way" : `The worst mistakes of ${name}`;
}

const aside = (n: number) => `largest disagreement first · ${plural(n, "image")}`;

interface GalleryProps {
  rows: readonly Disagreement[];
  /** How many there are, whether or not they are among the rows. */
  known: number;
  names: readonly string[];
  crisp: boolean;
  kind: Kind | null;
}

function Gallery({ rows, known, names, crisp, kind }: GalleryProps) {
  const [shown, setShown] = useState(PAGE);
  if (rows.length === 0) {
    return (
      <Empty>
        {known > 0
          ? `There are ${count(known)}, but they were not kept: train again to see them.`
          : kind
            ? "There is no such image."
            : "It makes no mistake here."}
      </Empty>
    );
  }
  return (
    <>
      <ul className="disagreements">
        {rows.slice(0, shown).map((one) => (
          <li key={one.index}>
            <img
              className={crisp ? "thumb crisp" : "thumb"}
              src={`${one.image}?side=${2 * SIDE}`}
              alt={one.name}
              title={one.name}
              width={SIDE}
              height={SIDE}
              loading="lazy"
              decoding="async"
            />
            <div className="small">
              {one.teacher !== one.label && one.student !== one.label && (
                <p className="says strong" title={`it is ${names[one.label]}`}>
                  <span className="unseen">it is</span>
                  <span className="clip" dir="auto">
                    {names[one.label]}
                  </span>
                </p>
              )}
              {one.teacher != null && (
                <Says who="teacher" at={one.teacher} confidence={one.teacher_confidence} one={one} names={names} />
              )}
              <Says who="student" at={one.student} confidence={one.student_confidence} one={one} names={names} />
            </div>
          </li>
        ))}
      </ul>
      {rows.length > shown && (
        <div className="row">
          <button type="button" className="button" onClick={() => setShown(shown + 2 * PAGE)}>
            More of them
          </button>
          <span className="small soft">{told(shown, rows.length, known)}</span>
        </div>
      )}
    </>
  );
}

const told = (shown: number, kept: number, known: number): string =>
  `${count(shown)} of ${count(kept)}${known > kept ? ` that were kept, of ${count(known)} in all` : ""}`;

interface SaysProps {
  who: "student" | "teacher";
  at: number;
  confidence: number | null | undefined;
  one: Disagreement;
  names: readonly string[];
}

function Says({ who, at, confidence, one, names }: SaysProps) {
  const right = at === one.label;
  const Mark = right ? Check : X;
  return (
    <p className={`says ${who}`} title={`the ${who} says ${names[at]}, ${right ? "right" : "wrong"}`}>
      <Mark size={14} aria-hidden />
      <span className="unseen">the {who}:</span>
      <span className="clip" dir="auto">
        {names[at]}
      </span>
      <span className="unseen">{right ? "(right)" : "(wrong)"}</span>
      <span className="soft nowrap">{percent(confidence, 0)}</span>
    </p>
  );
}
