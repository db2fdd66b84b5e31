import { useForm } from "./context";
import { Labelled } from "./Labelled";
import { Pairs } from "./Pairs";
import { below } from "./pointer";
import {
  defaultOf,
  defaultsOf,
  type Fields,
  isFields,
  type JsonSchema,
  resolved,
  same,
  titleOf,
  variantsOf,
} from "./schema";
import { readNumber, readNumbers, TextBox, writeList, writePlain } from "./TextBox";

interface Props {
  name: string;
  /** The field's schema as it stands in its object. */
  schema: JsonSchema;
  pointer: string;
  value: unknown;
  onChange: (value: unknown) => void;
  /** What stands there while nothing is said, where that is not the schema's default. */
  inherited?: unknown;
}

/** A control for one field of the recipe, as its schema describes it. */
export function SchemaField(props: Props) {
  const { root } = useForm();
  const schema = resolved(props.schema, root);
  if (schema.const !== undefined || schema.type === "null") return null; // nothing to choose
  if (variantsOf(schema, root)) return <UnionField {...props} />;
  if (schema.type === "object" && schema.properties) return <ObjectField {...props} />;
  return <PlainField {...props} />;
}

/** Every field of an object, but for those named. */
export function SchemaFields({
  schema,
  pointer,
  value,
  onChange,
  without = [],
  inherited,
}: Omit<Props, "name" | "inherited"> & { without?: readonly string[]; inherited?: Fields }) {
  const { root } = useForm();
  const fields = isFields(value) ? value : {};
  const shown = Object.entries(resolved(schema, root).properties ?? {}).filter(([name]) => !without.includes(name));
  return shown
    .sort(([, a], [, b]) => Number(isGroup(a, root)) - Number(isGroup(b, root)))
    .map(([name, raw]) => (
      <SchemaField
        key={name}
        name={name}
        schema={raw}
        pointer={below(pointer, name)}
        value={fields[name]}
        inherited={inherited?.[name]}
        onChange={(to) => onChange({ ...fields, [name]: to })}
      />
    ));
}

/** Whether a field has fields of its own: those come after the plain ones. */
export function isGroup(raw: JsonSchema, root: JsonSchema): boolean {
  const schema = resolved(raw, root);
  return schema.properties !== undefined || variantsOf(schema, root) !== null;
}

function Group({ props, choice, children }: { props: Props; choice?: React.ReactNode; children: React.ReactNode }) {
  const { wrong } = useForm();
  const said = wrong.get(props.pointer);
  return (
    <fieldset className="group" aria-invalid={said ? true : undefined} data-wrong={said ? "" : undefined}>
      <legend>{titleOf(props.name, props.schema)}</legend>
      {said && <p className="small bad wrap">{said}</p>}
      <div className="fields">
        {choice}
        {children}
      </div>
    </fieldset>
  );
}

function ObjectField(props: Props) {
  return (
    <Group props={props}>
      <SchemaFields {...props} {...(isFields(props.inherited) ? { inherited: props.inherited } : { inherited: {} })} />
    </Group>
  );
}

function UnionField(props: Props) {
  const { root, wrong } = useForm();
  const { name, pointer, value, onChange } = props;
  const schema = resolved(props.schema, root);
  const variants = variantsOf(schema, root) ?? new Map<string, JsonSchema>();
  const kind = isFields(value) ? String(value.kind) : "";
  const variant = variants.get(kind);
  const at = below(pointer, "kind");
  return (
    <Group
      props={props}
      choice={
        <Labelled
          pointer={at}
          label="Kind"
          help={variant?.properties?.kind?.description ?? schema.description}
          wrong={wrong.get(at)}
        >
          {(attributes) => (
            <select
              {...attributes}
              className="input"
              aria-label={`${titleOf(name, props.schema)}: kind`}
              value={kind}
              onChange={(event) => {
                const chosen = variants.get(event.target.value);
                onChange(chosen ? { kind: event.target.value, ...defaultsOf(chosen, root) } : null);
              }}
            >
              {schema.nullable && <option value="">as for all students</option>}
              {[...variants.keys()].map((one) => (
                <option key={one} value={one}>
                  {one.replaceAll("_", " ")}
                </option>
              ))}
            </select>
          )}
        </Labelled>
      }
    >
      {variant && (
        <SchemaFields schema={variant} pointer={pointer} value={value} onChange={onChange} without={["kind"]} />
      )}
    </Group>
  );
}

function PlainField({ name, schema: raw, pointer, value, onChange, inherited }: Props) {
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
            value={String(value)}
            onChange={(event) => onChange(schema.enum?.find((one) => String(one) === event.target.value) ?? null)}
          >
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
          <label key={String(one)} className="tick">
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
