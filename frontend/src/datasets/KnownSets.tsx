import type { Schema } from "@/api/client";
import { Skeleton } from "@/ui/faces";
import { knownSets } from "./known";

interface Props {
  limits: Schema<"LimitsRead"> | undefined;
  value: string;
  onChange: (name: string) => void;
  problem: string;
}

/** The sets that the service knows by name; those whose files it lacks say which and where they go. */
export function KnownSets({ limits, value, onChange, problem }: Props) {
  if (!limits) return <Skeleton height={120} />;
  return (
    <fieldset className="known">
      <legend className="strong">Known sets</legend>
      {knownSets(limits).map((set) => (
        <label key={set.name} className="known-set">
          <input
            type="radio"
            name="known-set"
            value={set.name}
            checked={set.name === value}
            onChange={() => onChange(set.name)}
          />
          <span className="stack tight">
            <span className="row">
              <b>{set.title}</b>
              {set.ready === false && <span className="status paused">needs its files</span>}
            </span>
            {set.description && <span className="small soft">{set.description}</span>}
            {set.ready === false && set.files && <span className="small wrap">{set.files}</span>}
          </span>
        </label>
      ))}
      {problem && (
        <p className="small bad wrap" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}
