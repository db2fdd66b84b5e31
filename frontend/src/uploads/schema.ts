import { queryOptions } from "@tanstack/react-query";
import type { JsonSchema } from "@/api/jsonSchema";
import { service } from "@/api/root";

type Schemas = Record<string, JsonSchema>;

/** The service's description of itself: what it does not know, no form asks for. */
export const schemasQuery = queryOptions({
  queryKey: ["openapi"] as const,
  queryFn: async ({ signal }): Promise<Schemas> => {
    const answer = await fetch(`${service}/openapi.json`, { signal });
    const description = (await answer.json()) as { components: { schemas: Schemas } };
    return description.components.schemas;
  },
  staleTime: Number.POSITIVE_INFINITY,
});

const named = (schemas: Schemas, ref: string) => schemas[ref.split("/").pop() ?? ""] ?? {};

/** Without references, and without the null of what may be left out. */
function resolved(schemas: Schemas, schema: JsonSchema): JsonSchema {
  const choices = schema.anyOf?.filter((one) => one.type !== "null");
  const one = choices?.length === 1 ? choices[0] : undefined;
  if (one) return { ...resolved(schemas, one), ...about(schema) };
  return schema.$ref ? { ...named(schemas, schema.$ref), ...about(schema) } : schema;
}

const about = ({ title, description, default: value }: JsonSchema): JsonSchema => ({
  ...(title ? { title } : {}),
  ...(description ? { description } : {}),
  ...(value == null ? {} : { default: value }),
});

/** The wish for one kind of source. */
export function sourceSchema(schemas: Schemas, wish: string, kind: string): JsonSchema {
  const ref = schemas[wish]?.properties?.source?.discriminator?.mapping[kind];
  return ref ? named(schemas, ref) : {};
}

export interface Option {
  /** JSON Pointer into what is sent. */
  pointer: string;
  label: string;
  hint: string;
  kind: "number" | "integer" | "numbers" | "text" | "choice" | "switch";
  choices: string[];
  /** What holds where nothing is said. */
  fallback: unknown;
  schema: JsonSchema;
}

const LABELS: Record<string, string> = {
  val_fraction: "Share for validation",
  test_fraction: "Share for test",
  image_size: "Side of prepared images",
  std: "Standard deviation",
};

const spelled = (name: string) => LABELS[name] ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

/** What a form can ask for: the fields of an object, and those of the objects in it. */
export function optionsOf(
  schemas: Schemas,
  object: JsonSchema,
  base: string,
  without: readonly string[] = [],
  prefix = "",
): Option[] {
  return Object.entries(object.properties ?? {}).flatMap(([name, raw]): Option[] => {
    const schema = resolved(schemas, raw);
    if (without.includes(name) || schema.const !== undefined) return [];
    const pointer = `${base}/${name}`;
    const label = prefix ? `${prefix}: ${spelled(name).toLowerCase()}` : spelled(name);
    if (schema.properties) return optionsOf(schemas, schema, pointer, [], label);
    const kind = kindOf(schema);
    if (!kind) return [];
    const { description: hint = "", default: fallback } = schema;
    return [{ pointer, label, hint, kind, choices: schema.enum?.map(String) ?? [], fallback, schema }];
  });
}

function kindOf(schema: JsonSchema): Option["kind"] | null {
  if (schema.enum) return "choice";
  if (schema.type === "boolean") return "switch";
  if (schema.type === "number" || schema.type === "integer") return schema.type;
  if (schema.type === "string") return "text";
  const items = schema.prefixItems ?? (schema.items ? [schema.items] : []);
  if (schema.type === "array" && items.length > 0 && items.every((item) => item.type === "number")) return "numbers";
  return null;
}

/** What was typed, as the service wants it; what cannot be read goes as it is, so that the service's answer names it. */
export function parsed(option: Option, text: string): unknown {
  if (option.kind === "switch") return text === "true";
  if (option.kind === "number" || option.kind === "integer") return numeric(text);
  if (option.kind === "numbers")
    return text
      .split(/[\s,;]+/)
      .filter(Boolean)
      .map(numeric);
  return text.trim();
}

export const numeric = (text: string): unknown => {
  const value = Number(text.trim().replace(",", "."));
  return Number.isFinite(value) ? value : text;
};

/** What is wrong with a value, before the service is asked; empty where nothing is. */
export function complaint(option: Option, text: string): string {
  if (!text.trim() || !["number", "integer"].includes(option.kind)) return "";
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below } = option.schema;
  const value = parsed(option, text);
  const wants = option.kind === "integer" ? "a whole number" : "a number";
  if (typeof value !== "number" || (option.kind === "integer" && !Number.isInteger(value)))
    return `This must be ${wants}.`;
  if (minimum !== undefined && value < minimum) return `This must be at least ${minimum}.`;
  if (maximum !== undefined && value > maximum) return `This must be at most ${maximum}.`;
  if (above !== undefined && value <= above) return `This must be more than ${above}.`;
  if (below !== undefined && value >= below) return `This must be less than ${below}.`;
  return "";
}

/** The values that were given, by pointer, put into a copy of `body`. */
export function withOptions(body: object, options: readonly Option[], values: Record<string, string>): object {
  const filled = structuredClone(body) as Record<string, unknown>;
  for (const option of options) {
    const text = values[option.pointer] ?? "";
    if (!text.trim()) continue;
    const names = option.pointer.split("/").slice(1);
    const last = names.pop() ?? "";
    let place = filled;
    for (const name of names) {
      place[name] ??= {};
      place = place[name] as Record<string, unknown>;
    }
    place[last] = parsed(option, text);
  }
  return filled;
}
