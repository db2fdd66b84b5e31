import { useQuery } from "@tanstack/react-query";
import { percent, plural } from "@/format";
import { teachersToChooseQuery } from "@/new/queries";
import { numeric } from "@/uploads/schema";
import { whatItIs } from "./kinds";
import type { Teacher } from "./queries";

/** Weight of each chosen teacher, as typed, by its id. */
export type Weights = Record<string, string>;

interface Props {
  weights: Weights;
  onChange: (weights: Weights) => void;
  problem: string;
}

/** Which teachers' probabilities are averaged, and how much each counts. */
export function Members({ weights, onChange, problem }: Props) {
  const { data } = useQuery(teachersToChooseQuery(""));
  const teachers = (data?.data ?? []).filter((one) => one.status !== "rejected");
  const classes = teachers.find((one) => one.id in weights && one.classes)?.classes;
  if (data && teachers.length < 2) {
    return <p className="soft">A mean needs two teachers: add them first.</p>;
  }
  return (
    <fieldset className="members">
      <legend>Teachers</legend>
      <ul>
        {teachers.map((one) => (
          <Row
            key={one.id}
            teacher={one}
            weight={weights[one.id]}
            other={!!classes && !!one.classes && one.classes !== classes}
            onChange={(weight) => {
              const { [one.id]: _, ...others } = weights;
              onChange(weight === undefined ? others : { ...weights, [one.id]: weight });
            }}
          />
        ))}
      </ul>
      {data?.has_more && <p className="small soft">The newest {teachers.length} are shown.</p>}
      {problem && (
        <p className="small bad" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}

interface RowProps {
  teacher: Teacher;
  weight: string | undefined;
  /** It knows another number of classes than those that are chosen. */
  other: boolean;
  onChange: (weight: string | undefined) => void;
}

function Row({ teacher, weight, other, onChange }: RowProps) {
  const said = other
    ? `knows ${plural(teacher.classes ?? 0, "class", "classes")}: it cannot take part`
    : [whatItIs(teacher), teacher.top1 == null ? null : percent(teacher.top1)].filter(Boolean).join(" · ");
  return (
    <li>
      <label>
        <input
          type="checkbox"
          checked={weight !== undefined}
          disabled={other && weight === undefined}
          onChange={(event) => onChange(event.target.checked ? "1" : undefined)}
        />
        <span className="wrap" dir="auto">
          {teacher.name}
        </span>
        <span className="small soft wrap">{said}</span>
      </label>
      {weight !== undefined && (
        <label className="row small">
          weight
          <input
            className="input"
            inputMode="decimal"
            aria-label={`Weight of ${teacher.name}`}
            aria-invalid={isWeight(weight) ? undefined : true}
            value={weight}
            onChange={(event) => onChange(event.target.value)}
          />
        </label>
      )}
    </li>
  );
}

const isWeight = (text: string): boolean => Number(numeric(text)) > 0;

/** Two at least, each with a weight above 0. */
export const isComplete = (weights: Weights): boolean =>
  Object.keys(weights).length > 1 && Object.values(weights).every(isWeight);

export const membersOf = (weights: Weights): { teacher: string; weight: number }[] =>
  Object.entries(weights).map(([teacher, text]) => ({ teacher, weight: Number(numeric(text)) }));
