import type { JsonSchema } from "@/api/jsonSchema";

export type Schemas = Record<string, JsonSchema>;

const PREFIX = "#/components/schemas/";

/** "JobRead" of a reference to it; a list's long name as what it lists. */
export function nameOf({ $ref }: JsonSchema): string | null {
  if (!$ref) return null;
  const name = $ref.slice(PREFIX.length);
  const listed = /^Listing_(.+)_$/.exec(name);
  return listed ? `list of ${listed[1]}` : name;
}

/** What a schema means: references followed, "X or null" taken as X. */
export function resolved(schema: JsonSchema, schemas: Schemas): JsonSchema {
  let one = schema;
  for (let hops = 0; hops < 8; hops++) {
    const some = choices(one).filter(({ type }) => type !== "null");
    const [only] = some;
    if (one.$ref) one = schemas[one.$ref.slice(PREFIX.length)] ?? {};
    else if (some.length === 1 && only) one = only;
    else return one;
  }
  return one;
}

const choices = (schema: JsonSchema): JsonSchema[] => schema.anyOf ?? schema.oneOf ?? [];

/** A type in few words: "integer", "list of string", "DistLoss or KdLoss or null". */
export function typed(schema: JsonSchema): string {
  const name = nameOf(schema);
  if (name) return name;
  const some = choices(schema);
  if (some.length > 0) return [...new Set(some.map(typed))].join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" or ");
  if (schema.type === "array") {
    if (schema.prefixItems) return `[${schema.prefixItems.map(typed).join(", ")}]`;
    return schema.items ? `list of ${typed(schema.items)}` : "list";
  }
  if (schema.type === "object" && typeof schema.additionalProperties === "object") {
    return `object of ${typed(schema.additionalProperties)}`;
  }
  return schema.type ?? "anything";
}

/** A longer default says less than the fields inside do. */
const SHORT = 40;

/** What else is asked of a value: "1 to 100", "at most 200 characters", "default 20". */
export function limits(schema: JsonSchema): string[] {
  const one = [schema, ...choices(schema)].find(({ type }) => type && type !== "null") ?? schema;
  const said: string[] = [];
  const range = (low: number | undefined, high: number | undefined, unit: string) => {
    const words = unit ? ` ${unit}` : "";
    if (low !== undefined && high !== undefined)
      said.push(low === high ? `${low}${words}` : `${low} to ${high}${words}`);
    else if (low !== undefined) said.push(`at least ${low}${words}`);
    else if (high !== undefined) said.push(`at most ${high}${words}`);
  };
  range(one.minimum, one.maximum, "");
  if (one.exclusiveMinimum !== undefined) said.push(`more than ${one.exclusiveMinimum}`);
  if (one.exclusiveMaximum !== undefined) said.push(`less than ${one.exclusiveMaximum}`);
  range(one.minLength, one.maxLength, "characters");
  range(one.minItems, one.maxItems, "items");
  const usual = JSON.stringify(schema.default ?? null);
  if (usual !== "null" && usual.length <= SHORT) said.push(`default ${usual}`);
  return said;
}

export interface Part {
  name: string;
  required: boolean;
  schema: JsonSchema;
}

/** What lies inside: an object's fields, what a list lists, the ways something can be. Empty: nothing lies inside. */
export function parts(schema: JsonSchema, schemas: Schemas): Part[] {
  const one = resolved(schema, schemas);
  if (one.properties) {
    return Object.entries(one.properties).map(([name, field]) => ({
      name,
      required: one.required?.includes(name) ?? false,
      schema: field,
    }));
  }
  if (one.type === "array" && one.items) return parts(one.items, schemas);
  const some = choices(one).filter(({ type }) => type !== "null");
  if (some.some((way) => parts(way, schemas).length > 0)) {
    return some.map((way) => ({ name: nameOf(way) ?? typed(way), required: false, schema: way }));
  }
  if (typeof one.additionalProperties === "object") return parts(one.additionalProperties, schemas);
  return [];
}

const DEEPEST = 5;

/** A value that such a schema would take: what must be there, as short as it can be. */
export function sample(schema: JsonSchema, schemas: Schemas, depth = 0): unknown {
  if (schema.default !== undefined && schema.default !== null) return schema.default;
  const one = resolved(schema, schemas);
  if (one.const !== undefined) return one.const;
  if (one.enum) return one.enum[0];
  const [way] = choices(one);
  if (way && depth < DEEPEST) return sample(way, schemas, depth + 1);
  if (one.properties || one.type === "object") {
    if (depth >= DEEPEST) return {};
    const must = Object.entries(one.properties ?? {}).filter(
      ([name, { const: fixed }]) => one.required?.includes(name) || fixed !== undefined,
    );
    return Object.fromEntries(must.map(([name, field]) => [name, sample(field, schemas, depth + 1)]));
  }
  if (one.type === "array") return one.items && depth < DEEPEST ? [sample(one.items, schemas, depth + 1)] : [];
  if (one.type === "integer" || one.type === "number") return one.minimum ?? (one.exclusiveMinimum ?? 0) + 1;
  if (one.type === "boolean") return false;
  return "…";
}
