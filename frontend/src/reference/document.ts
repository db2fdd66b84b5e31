import { queryOptions } from "@tanstack/react-query";
import { ApiError } from "@/api/client";
import type { JsonSchema } from "@/api/jsonSchema";
import { root } from "@/api/root";

/** As much of OpenAPI as the service's own description uses. */
export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  description?: string;
  schema: JsonSchema;
}

/** A stream has no schema as a whole: each of its frames carries one in its data. */
interface Media {
  schema?: JsonSchema;
  itemSchema?: { properties: { data: { contentSchema: JsonSchema } } };
}

type Content = Record<string, Media>;

interface Answer {
  description: string;
  content?: Content;
}

export interface Described {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { content: Content; required?: boolean };
  responses: Record<string, Answer>;
  security?: Record<string, string[]>[];
}

export interface OpenApi {
  info: { title: string; version: string; summary?: string };
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, JsonSchema>; responses?: Record<string, Answer> };
}

export interface Operation extends Described {
  method: string;
  path: string;
}

export interface Chapter {
  tag: string;
  operations: Operation[];
}

/** The service describes itself; the document changes only with the service. */
export const openApiQuery = queryOptions({
  queryKey: ["openapi"] as const,
  queryFn: async ({ signal }): Promise<OpenApi> => {
    const answer = await fetch(`${root}/openapi.json`, { signal });
    if (!answer.ok) throw new ApiError(answer.status, "The description could not be read", answer.statusText);
    return (await answer.json()) as OpenApi;
  },
  staleTime: Number.POSITIVE_INFINITY,
});

const METHODS = ["get", "head", "post", "put", "patch", "delete"];
/** What most readers come for stands first; a tag that is not known here comes behind these. */
const ORDER = ["jobs", "students", "teachers", "datasets", "uploads", "catalog", "runs", "workers"];

/** What is sent as such a type, or in each frame of such a stream. */
export const schemaOf = ({ schema, itemSchema }: Media): JsonSchema | undefined =>
  itemSchema?.properties.data.contentSchema ?? schema;

/** An answer that many operations have is told once. */
function shared(answer: Answer & { $ref?: string }, all: Record<string, Answer> = {}): Answer {
  return all[answer.$ref?.split("/").at(-1) ?? ""] ?? answer;
}

/** The operations by what they are about. */
export function chapters({ paths, components }: OpenApi): Chapter[] {
  const found = new Map<string, Operation[]>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of METHODS) {
      const described = methods[method];
      if (!described) continue;
      const tag = described.tags?.[0] ?? "other";
      const responses = Object.fromEntries(
        Object.entries(described.responses).map(([status, answer]) => [status, shared(answer, components.responses)]),
      );
      found.set(tag, [...(found.get(tag) ?? []), { ...described, responses, method, path }]);
    }
  }
  const place = (tag: string) => (ORDER.includes(tag) ? ORDER.indexOf(tag) : ORDER.length);
  return [...found]
    .map(([tag, operations]) => ({ tag, operations }))
    .sort((a, b) => place(a.tag) - place(b.tag) || a.tag.localeCompare(b.tag));
}

/** Those in which every word of the text occurs, somewhere. */
export function matching(all: readonly Chapter[], text: string): Chapter[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const says = ({ method, path, operationId, summary, description, parameters, tags }: Operation) =>
    [method, path, operationId, summary, description, ...(tags ?? []), ...(parameters ?? []).map(({ name }) => name)]
      .join(" ")
      .toLowerCase();
  return all
    .map(({ tag, operations }) => ({
      tag,
      operations: operations.filter((one) => {
        const said = says(one);
        return words.every((word) => said.includes(word));
      }),
    }))
    .filter(({ operations }) => operations.length > 0);
}
