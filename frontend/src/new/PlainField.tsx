import { useForm } from "./context";
import { Labelled } from "./Labelled";
import { Pairs } from "./Pairs";
import type { FieldProps } from "./SchemaField";
import { defaultOf, isFields, resolved, same, titleOf } from "./schema";
import { readNumber, readNumbers, TextBox, writeList, writePlain } from "./TextBox";

/** A control for a value that has no fields of its own. */
export function PlainField({ name, schema: raw, pointer, value, onChange, inherited }: FieldProps) {
  const { root, wrong } = useForm();
  const schema = resolved(raw, root);
  const label = titleOf(name, raw);
  const fallback = defaultOf(raw, root);
  const says = plainly(fallback);
  const reset =
    fallback !== undefined && says && !same(value, fallback) && schema.type !== "boolean"
      ? { to: says, onReset: () => onChange(fallback) }
      : null;
  const told = { pointer, label, help: schema.description, wrong: firstWrong(wrong, pointer), reset };
  const placeholder = plainly(inherited ?? fallback) || (schema.nullable ? "default" : "");
  if (schema.type === "boolean") {
    if (schema.nullable) {
      return (
        <Labelled {...told}>
          {(attributes) => (
            <select
              {...attributes}
              className="input"
              value={value == null ? "" : String(value)}
              onChange={(event) => onChange(event.target.value === "" ? null : event.target.value === "true")}
            >
              <option value="">as for all{inherited === undefined ? "" : ` (${inherited ? "yes" : "no"})`}</option>
              <option value="true">yes</option>
              <option value="false">no</option>
            </select>
          )}
        </Labelled>
      );
    }
    return (
      <Labelled {...told}>
        {(attributes) => (
          <span className="switch-line">
            <input
              {...attributes}
              type="checkbox"
              className="switch"
              checked={value === true}
              onChange={(event) => onChange(event.target.checked)}
            />
            <span aria-hidden>{value === true ? "yes" : "no"}</span>
          </span>
        )}
      </Labelled>
    );
  }
  if (schema.enum) {
    return (
      <Labelled {...told}>
        {(attributes) => (
          <select
            {...attributes}
            className="input"
            value={String(value ?? "")}
            onChange={(event) => onChange(schema.enum?.find((one) => String(one) === event.target.value) ?? null)}
          >
            {schema.nullable && <option value="">as for all{inherited ? ` (${plainly(inherited)})` : ""}</option>}
            {schema.enum?.map((one) => (
              <option key={String(one)} value={String(one)}>
                {String(one)}
              </option>
            ))}
          </select>
        )}
      </Labelled>
    );
  }
  if (schema.type === "array" && schema.items?.enum) {
    return <Several label={label} choices={schema.items.enum} {...{ pointer, value, onChange }} help={told.help} />;
  }
  if (isFields(schema.additionalProperties)) {
    return <Pairs {...{ pointer, label, value, onChange }} help={schema.description} />;
  }
  const list = schema.type === "array";
  const number = schema.type === "number" || schema.type === "integer";
  const empty = schema.nullable ? null : list ? [] : "";
  return (
    <Labelled {...told}>
      {(attributes) => (
        <TextBox
          {...attributes}
          value={value}
          numeric={number}
          placeholder={placeholder}
          read={list ? readNumbers(empty) : number ? (text) => readNumber(text, empty) : (text) => text || empty}
          write={list ? writeList : writePlain}
          onChange={onChange}
        />
      )}
    </Labelled>
  );
}

/** Several of a few: a box for each. */
function Several({
  pointer,
  label,
  help,
  choices,
  value,
  onChange,
}: {
  pointer: string;
  label: string;
  help: string | undefined;
  choices: readonly unknown[];
  value: unknown;
  onChange: (value: unknown) => void;
}) {
  const { wrong } = useForm();
  const said = firstWrong(wrong, pointer);
  const chosen: unknown[] = Array.isArray(value) ? value : [];
  return (
    <fieldset className="several" data-wrong={said ? "" : undefined}>
      <legend>{label}</legend>
      <div className="row">
        {choices.map((one) => (
          <label key={String(one)} className="tick-box">
            <input
              type="checkbox"
              aria-invalid={said ? true : undefined}
              checked={chosen.includes(one)}
              onChange={(event) =>
                onChange(choices.filter((other) => (other === one ? event.target.checked : chosen.includes(other))))
              }
            />
            {String(one)}
          </label>
        ))}
      </div>
      <p className={`small ${said ? "bad" : "soft"}`}>{said ?? help}</p>
    </fieldset>
  );
}

/** What is wrong with a value, or with one of the values of a list. */
function firstWrong(wrong: ReadonlyMap<string, string>, pointer: string): string | undefined {
  const own = wrong.get(pointer);
  if (own) return own;
  for (const [at, said] of wrong) {
    const index = at.startsWith(`${pointer}/`) ? at.slice(pointer.length + 1) : "";
    if (/^\d+$/.test(index)) return `Value ${Number(index) + 1}: ${said.charAt(0).toLowerCase()}${said.slice(1)}`;
  }
  return undefined;
}

const plainly = (value: unknown): string =>
  value == null || isFields(value) ? "" : Array.isArray(value) ? value.join(", ") : String(value);
