import { defaultOf, defaultsOf, type Fields, isFields, type JsonSchema, resolved, same, variantOf } from "./schema";

/**
 * What must be said of `value`, where `base` is what holds unless something is said: no more than that. The members of
 * a union keep their `kind`, by which the service tells them apart; undefined where nothing must be said.
 */
export function difference(raw: JsonSchema, root: JsonSchema, value: unknown, base: unknown): unknown {
  if (same(value, base)) return undefined;
  const schema = resolved(raw, root);
  const variant = variantOf(schema, root, value);
  if (variant && isFields(value)) {
    const own = isFields(base) && base.kind === value.kind ? base : defaultsOf(variant, root);
    return { kind: value.kind, ...fieldsOf(variant, root, value, own) };
  }
  if (schema.properties && isFields(value)) {
    return fieldsOf(schema, root, value, isFields(base) ? base : defaultsOf(schema, root));
  }
  const { items } = schema;
  if (items && Array.isArray(value)) return value.map((one) => difference(items, root, one, undefined) ?? one);
  return value;
}

function fieldsOf(schema: JsonSchema, root: JsonSchema, value: Fields, base: Fields): Fields {
  const said = Object.entries(schema.properties ?? {}).map(
    ([name, raw]) =>
      [name, difference(raw, root, value[name], name in base ? base[name] : defaultOf(raw, root))] as const,
  );
  return Object.fromEntries(said.filter(([, one]) => one !== undefined));
}

/** The recipe as it is sent: what differs from the preset's, else from the defaults, in the order one would say it. */
export function wishOf(root: JsonSchema, recipe: Fields, preset: Fields | null): Fields {
  const base = { ...defaultsOf(root, root), ...preset, preset: null };
  return fieldsOf(root, root, recipe, base);
}
