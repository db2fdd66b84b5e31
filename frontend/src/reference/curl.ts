import type { Operation } from "./document";
import { type Schemas, sample } from "./schema";

const AUTHORIZED = '-H "Authorization: Bearer $DISTILLERY_API_KEY"';
const FLAGS: Record<string, string> = { get: "", head: "-I" };

/** The operation as one command; what only the reader knows stands in capitals. */
export function curl(operation: Operation, schemas: Schemas, service: string): string {
  const { method, path, parameters = [], requestBody, security } = operation;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase());
  const must = parameters.filter((one) => one.in === "query" && one.required);
  const asked = must.map(({ name }) => `${name}=${name.toUpperCase()}`).join("&");
  const lines = [
    ["curl", FLAGS[method] ?? `-X ${method.toUpperCase()}`, `"${service}${filled}${asked && `?${asked}`}"`],
    [security && security.length === 0 ? "" : AUTHORIZED],
    ...body(requestBody, schemas),
  ];
  return lines
    .map((words) => words.filter(Boolean).join(" "))
    .filter(Boolean)
    .join(" \\\n  ");
}

function body(asked: Operation["requestBody"], schemas: Schemas): string[][] {
  const [[type, content] = []] = Object.entries(asked?.content ?? {});
  if (!type) return [];
  if (type !== "application/json") return [[`--data-binary @FILE`]];
  const value = JSON.stringify(sample(content?.schema ?? {}, schemas));
  return [['-H "Content-Type: application/json"'], [`-d '${value.replaceAll("'", "'\\''")}'`]];
}
