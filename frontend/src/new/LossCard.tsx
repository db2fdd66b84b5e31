import { useRef } from "react";
import { Card } from "@/ui/Card";
import { useForm } from "./context";
import { Formula } from "./Formula";
import { idOf } from "./pointer";
import type { Loss } from "./queries";
import { SchemaFields } from "./SchemaField";
import { defaultsOf, type Fields, type JsonSchema } from "./schema";

interface Props {
  losses: readonly Loss[];
  value: Fields;
  onChange: (loss: Fields) => void;
  /** Whether there is a teacher: without one the labels alone teach. */
  taught: boolean;
}

export function LossCard({ losses, value, onChange, taught }: Props) {
  return (
    <Card title="Loss" aside={taught ? "for all students; open one to give it its own" : undefined}>
      {taught ? (
        <LossChoice pointer="/loss" {...{ losses, value, onChange }} />
      ) : (
        <p className="soft">Without a teacher every student learns from the labels alone: cross-entropy.</p>
      )}
    </Card>
  );
}

interface ChoiceProps {
  losses: readonly Loss[];
  pointer: string;
  value: Fields | null;
  onChange: (loss: Fields) => void;
}

/** A chip for each loss, and what the chosen one can be told: all as the service describes it. */
export function LossChoice({ losses, pointer, value, onChange }: ChoiceProps) {
  const { wrong } = useForm();
  const left = useRef(new Map<string, Fields>()); // numbers that were chosen before, for the way back
  const chosen = losses.find((one) => one.kind === value?.kind);
  const schema = chosen?.schema as JsonSchema | undefined;
  const said = wrong.get(pointer);
  // Those that listen to a teacher first.
  const order = [...losses].sort((a, b) => Number(b.needs_teacher) - Number(a.needs_teacher));
  const choose = (one: Loss) => {
    if (value) left.current.set(String(value.kind), value);
    const fields = one.schema as JsonSchema;
    onChange(left.current.get(one.kind) ?? { ...defaultsOf(fields, fields), kind: one.kind });
  };
  return (
    <div className="stack">
      <fieldset className="chips" data-wrong={said ? "" : undefined}>
        <legend className="unseen">Loss</legend>
        {order.map((one) => (
          <label key={one.kind} className="chip">
            <input
              type="radio"
              name={`loss${pointer}`}
              id={one === order[0] ? idOf(pointer) : undefined}
              checked={one === chosen}
              onChange={() => choose(one)}
            />
            <span>{(one.schema as JsonSchema).title ?? one.kind}</span>
          </label>
        ))}
      </fieldset>
      {said && <p className="small bad">{said}</p>}
      {chosen && schema && value && (
        <>
          <p className="hint">{chosen.description}</p>
          <div className="fields narrow">
            <SchemaFields
              schema={schema}
              pointer={pointer}
              value={value}
              without={["kind"]}
              onChange={(to) => onChange(to as Fields)}
            />
          </div>
          <Formula formula={schema.formula} loss={value} />
        </>
      )}
    </div>
  );
}
