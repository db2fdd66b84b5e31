import { useForm } from "./context";
import { Labelled } from "./Labelled";
import { PlainField } from "./PlainField";
import { below } from "./pointer";
import { defaultOf, defaultsOf, type Fields, isFields, type JsonSchema, resolved, titleOf, variantsOf } from "./schema";

export interface FieldProps {
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
export function SchemaField(props: FieldProps) {
  const { root } = useForm();
  const schema = resolved(props.schema, root);
  if (schema.const !== undefined || schema.type === "null") return null; // nothing to choose
  if (variantsOf(schema, root)) return <UnionField {...props} />;
  if (schema.type === "object" && schema.properties) return <ObjectField {...props} />;
  if (schema.type === "array" && schema.items && isGroup(schema.items, root)) return <ListField {...props} />;
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
}: Omit<FieldProps, "name" | "inherited"> & { without?: readonly string[]; inherited?: Fields }) {
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
  const items = schema.items && resolved(schema.items, root);
  return schema.properties !== undefined || items?.properties !== undefined || variantsOf(schema, root) !== null;
}

function Group({
  props,
  choice,
  children,
}: {
  props: FieldProps;
  choice?: React.ReactNode;
  children: React.ReactNode;
}) {
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

function ObjectField(props: FieldProps) {
  const { root } = useForm();
  const schema = resolved(props.schema, root);
  if (schema.nullable) {
    const on = isFields(props.value);
    const title = titleOf(props.name, props.schema);
    return (
      <Group
        props={props}
        choice={
          <Labelled
            pointer={props.pointer}
            label={`With ${title.charAt(0).toLowerCase()}${title.slice(1)}`}
            help={schema.description}
          >
            {(attributes) => (
              <span className="switch-line">
                <input
                  {...attributes}
                  type="checkbox"
                  className="switch"
                  checked={on}
                  onChange={(event) => props.onChange(event.target.checked ? defaultsOf(schema, root) : null)}
                />
                <span aria-hidden>{on ? "yes" : "no"}</span>
              </span>
            )}
          </Labelled>
        }
      >
        {on && <SchemaFields {...props} inherited={{}} />}
      </Group>
    );
  }
  return (
    <Group props={props}>
      <SchemaFields {...props} {...(isFields(props.inherited) ? { inherited: props.inherited } : { inherited: {} })} />
    </Group>
  );
}

/** Several things that have fields of their own, one below the other. */
function ListField(props: FieldProps) {
  const { root } = useForm();
  const { pointer, value, onChange } = props;
  const schema = resolved(props.schema, root);
  const items = Array.isArray(value) ? value : [];
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  const first = defaultOf(props.schema, root);
  const more = Array.isArray(first) ? first[0] : {};
  return (
    <Group props={props}>
      {items.map((item, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a pointer names
        <div className="listed fields" key={n}>
          <SchemaFields
            schema={schema.items ?? {}}
            pointer={below(pointer, String(n))}
            value={item}
            onChange={(to) => onChange(items.map((other, at) => (at === n ? to : other)))}
          />
          {items.length > minItems && (
            <div>
              <button
                type="button"
                className="button small"
                onClick={() => onChange(items.filter((_, at) => at !== n))}
              >
                Remove
              </button>
            </div>
          )}
        </div>
      ))}
      {items.length < maxItems && (
        <div className="whole">
          <button type="button" className="button small" onClick={() => onChange([...items, structuredClone(more)])}>
            Add one
          </button>
        </div>
      )}
    </Group>
  );
}

/** The parts within a part that another kind of it has too: augmentation keeps its policy while its window changes. */
const shared = (value: unknown, to: JsonSchema): Fields =>
  isFields(value)
    ? Object.fromEntries(Object.entries(value).filter(([key, part]) => isFields(part) && to.properties?.[key]))
    : {};

function UnionField(props: FieldProps) {
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
                onChange(
                  chosen ? { ...defaultsOf(chosen, root), ...shared(value, chosen), kind: event.target.value } : null,
                );
              }}
            >
              {schema.nullable && (
                <option value="">{pointer.startsWith("/students") ? "as for all students" : "none"}</option>
              )}
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
