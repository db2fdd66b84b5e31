import { useState } from "react";
import type { JsonSchema } from "@/api/jsonSchema";
import { Prose } from "./Prose";
import { limits, type Part, parts, resolved, type Schemas, typed } from "./schema";

interface Props {
  schema: JsonSchema;
  schemas: Schemas;
}

/** A schema as its fields; what lies inside a field is unfolded on demand, so that one which holds itself has an end. */
export function SchemaView({ schema, schemas }: Props) {
  const inside = parts(schema, schemas);
  if (inside.length === 0) {
    return (
      <p className="small">
        <code>{typed(schema)}</code>
      </p>
    );
  }
  return (
    <ul className="schema">
      {inside.map((part) => (
        <Field key={part.name} part={part} schemas={schemas} />
      ))}
    </ul>
  );
}

function Field({ part, schemas }: { part: Part; schemas: Schemas }) {
  const [open, setOpen] = useState(false);
  const { name, schema, required } = part;
  const type = typed(schema);
  const deep = parts(schema, schemas).length > 0;
  const what = schema.description ?? resolved(schema, schemas).description;
  const said = limits(schema);
  return (
    <li>
      <div className="schema-field">
        <span>
          <code className="strong">{name}</code>
          {required && <span className="small required"> required</span>}
        </span>
        <span className="stack tight">
          <span className="small soft wrap">
            {type !== name && <code>{type}</code>}
            {said.length > 0 && ` ${type === name ? "" : "· "}${said.join(" · ")}`}
          </span>
          {what && <Prose text={what} />}
          {deep && (
            <details className="more" onToggle={(event) => setOpen(event.currentTarget.open)}>
              <summary>
                what is inside<span className="unseen"> {name}</span>
              </summary>
              {open && <SchemaView schema={schema} schemas={schemas} />}
            </details>
          )}
        </span>
      </div>
    </li>
  );
}
