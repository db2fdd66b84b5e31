import type { JsonSchema } from "@/api/jsonSchema";

export type { JsonSchema };

export type Fields = Record<string, unknown>;
export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Without a reference, and with `nullable` in place of "this or null"; what stands beside a reference goes first. */
export function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const { $ref, anyOf, ...beside } = schema;
  if ($ref) return { ...resolved(root.$defs?.[$ref.split("/").pop() ?? ""] ?? {}, root), ...beside };
  const others = anyOf?.filter((one) => one.type !== "null") ?? [];
  const [only] = others;
  if (!anyOf || !only) return schema;
  const nullable = others.length < anyOf.length;
  return others.length === 1 ? { ...resolved(only, root), ...beside, nullable } : { ...schema, nullable };
}

/** The members of a union that `kind` tells apart, by their kind; null for anything else. */
export function variantsOf(schema: JsonSchema, root: JsonSchema): Map<string, JsonSchema> | null {
  const known = schema.discriminator?.mapping;
  if (!known) return null;
  // In the order of `oneOf`, which is the author's; `mapping` is sorted.
  const byRef = new Map(Object.entries(known).map(([kind, ref]) => [ref, kind]));
  const found = (schema.oneOf ?? []).flatMap(({ $ref }): [string, JsonSchema][] => {
    const kind = $ref && byRef.get($ref);
    return kind ? [[kind, resolved({ $ref }, root)]] : [];
  });
  return new Map(found);
}

/** The member of a union that a value is; null where it is none. */
export function variantOf(schema: JsonSchema, root: JsonSchema, value: unknown): JsonSchema | null {
  return (isFields(value) && variantsOf(schema, root)?.get(String(value.kind))) || null;
}

/** What holds where nothing is said; undefined where something must be said. */
export function defaultOf(raw: JsonSchema, root: JsonSchema): unknown {
  const schema = resolved(raw, root);
  if (schema.default !== undefined) return structuredClone(schema.default);
  if (schema.const !== undefined) return schema.const;
  return schema.properties ? defaultsOf(schema, root) : undefined;
}

/** An object with every default filled in; what has none is left out. */
export function defaultsOf(schema: JsonSchema, root: JsonSchema): Fields {
  const all = Object.entries(schema.properties ?? {}).map(([name, raw]) => [name, defaultOf(raw, root)] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

/** "batch_size" -> "Batch size"; a title that its author gave stands as it is. */
export function titleOf(name: string, raw: JsonSchema): string {
  const spaced = name.replaceAll("_", " ");
  const made = spaced.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
  return raw.title && raw.title !== made ? raw.title : spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** Equal as JSON, whatever the order of the fields. */
export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, i) => same(one, b[i]));
  if (isFields(a) && isFields(b)) {
    const names = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...names].every((name) => same(a[name], b[name]));
  }
  return a === b;
}
