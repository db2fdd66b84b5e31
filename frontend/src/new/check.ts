import { below } from "./pointer";
import { isFields, type JsonSchema, resolved, variantsOf } from "./schema";

/** Something that is wrong at one place of the recipe. */
export interface Wrong {
  pointer: string;
  detail: string;
}

/** What the schema alone can say against a value: at once, before the service is asked. */
export function check(raw: JsonSchema, root: JsonSchema, value: unknown, pointer = ""): Wrong[] {
  const schema = resolved(raw, root);
  const wrong = (detail: string): Wrong[] => [{ pointer, detail }];
  if (value === null && (schema.nullable || schema.type === "null")) return [];
  if (value === "" || value === undefined || value === null) return wrong("This must not be empty.");
  const variants = variantsOf(schema, root);
  if (variants) {
    const variant = isFields(value) ? variants.get(String(value.kind)) : undefined;
    return variant ? check(variant, root, value, pointer) : wrong(`Must be one of ${[...variants.keys()].join(", ")}.`);
  }
  if (schema.anyOf) return []; // several ways to say it: the service knows
  if (schema.const !== undefined) return value === schema.const ? [] : wrong(`Must be ${schema.const}.`);
  if (schema.enum) return schema.enum.includes(value) ? [] : wrong(`Must be one of ${schema.enum.join(", ")}.`);
  switch (schema.type) {
    case "boolean":
      return typeof value === "boolean" ? [] : wrong("Must be yes or no.");
    case "integer":
    case "number":
      return checkNumber(schema, value).flatMap(wrong);
    case "string":
      return checkText(schema, value).flatMap(wrong);
    case "array":
      return checkList(schema, root, value, pointer);
    case "object":
      return checkObject(schema, root, value, pointer);
    default:
      return [];
  }
}

function checkNumber(schema: JsonSchema, value: unknown): string[] {
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: under } = schema;
  const whole = schema.type === "integer";
  if (typeof value !== "number" || !Number.isFinite(value)) return [`Must be a ${whole ? "whole " : ""}number.`];
  if (whole && !Number.isInteger(value)) return ["Must be a whole number."];
  if (minimum !== undefined && value < minimum) return [`Must be at least ${minimum}.`];
  if (maximum !== undefined && value > maximum) return [`Must be at most ${maximum}.`];
  if (above !== undefined && value <= above) return [`Must be above ${above}.`];
  if (under !== undefined && value >= under) return [`Must be below ${under}.`];
  return [];
}

function checkText({ minLength, maxLength }: JsonSchema, value: unknown): string[] {
  if (typeof value !== "string") return ["Must be text."];
  const length = [...value].length; // characters, as the service counts them
  if (minLength !== undefined && length < minLength) return [`Must have at least ${minLength} characters.`];
  if (maxLength !== undefined && length > maxLength)
    return [`Must have at most ${maxLength} characters; has ${length}.`];
  return [];
}

function checkList(schema: JsonSchema, root: JsonSchema, value: unknown, pointer: string): Wrong[] {
  if (!Array.isArray(value)) return [{ pointer, detail: "Must be a list." }];
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (minItems === maxItems && value.length !== minItems) {
    return [{ pointer, detail: `Must be ${minItems} values, with commas between them.` }];
  }
  if (value.length < minItems) return [{ pointer, detail: `Must have at least ${minItems}.` }];
  if (value.length > maxItems) return [{ pointer, detail: `Must have at most ${maxItems}; has ${value.length}.` }];
  return value.flatMap((one, i) => check(schema.prefixItems?.[i] ?? schema.items ?? {}, root, one, below(pointer, i)));
}

function checkObject(schema: JsonSchema, root: JsonSchema, value: unknown, pointer: string): Wrong[] {
  if (!isFields(value)) return [{ pointer, detail: "Must have fields." }];
  if (schema.maxProperties !== undefined && Object.keys(value).length > schema.maxProperties) {
    return [{ pointer, detail: `At most ${schema.maxProperties}.` }];
  }
  const { properties = {}, additionalProperties: more, propertyNames: names } = schema;
  if (isFields(more)) {
    return Object.entries(value).flatMap(([name, one]) => [
      ...(names ? check({ type: "string", ...names }, root, name, below(pointer, name)) : []),
      ...(one === "" ? [] : check(more, root, one, below(pointer, name))),
    ]);
  }
  return Object.entries(properties).flatMap(([name, raw]) => {
    const given = name in value || schema.required?.includes(name);
    return given ? check(raw, root, value[name], below(pointer, name)) : [];
  });
}
