import { isFields } from "./schema";

/** JSON Pointers (RFC 6901): how the service names the places of a recipe, and how the fields of the page are found. */
export const steps = (pointer: string): string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

export const below = (pointer: string, step: string | number): string =>
  `${pointer}/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** A copy of `document` with another value at a place. */
export function withAt<Document>(document: Document, pointer: string, value: unknown): Document {
  const put = (at: unknown, [first, ...rest]: string[]): unknown => {
    if (first === undefined) return value;
    if (Array.isArray(at)) return at.map((one, i) => (String(i) === first ? put(one, rest) : one));
    const fields = isFields(at) ? at : {};
    return { ...fields, [first]: put(fields[first], rest) };
  };
  return put(document, steps(pointer)) as Document;
}

/** "/students/1/optimizer/lr" -> "students 2 › optimizer › lr" */
export function spelled(pointer: string): string {
  const words: string[] = [];
  for (const step of steps(pointer)) {
    const before = words.at(-1);
    if (before !== undefined && /^\d+$/.test(step)) words.splice(-1, 1, `${before} ${Number(step) + 1}`);
    else words.push(step.replaceAll("_", " "));
  }
  return words.join(" › ");
}

/** The id of the control of a place. */
export const idOf = (pointer: string): string => `at${pointer}`;
