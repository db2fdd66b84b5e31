import { readFileSync } from "node:fs";
import { curl } from "./curl";
import { chapters, matching, type OpenApi, type Operation, schemaOf } from "./document";
import { limits, nameOf, parts, type Schemas, sample, typed } from "./schema";

const schemas: Schemas = {
  Node: {
    type: "object",
    description: "Holds itself.",
    required: ["name"],
    properties: {
      name: { type: "string", minLength: 1, maxLength: 200 },
      next: { anyOf: [{ $ref: "#/components/schemas/Node" }, { type: "null" }] },
      all: { type: "array", items: { $ref: "#/components/schemas/Node" } },
      count: { type: "integer", minimum: 1, maximum: 100, default: 20 },
    },
  },
  Loop: { $ref: "#/components/schemas/Loop" },
};
const node = { $ref: "#/components/schemas/Node" };

test("a type is told in few words", () => {
  expect(typed(node)).toBe("Node");
  expect(typed({ $ref: "#/components/schemas/Listing_JobRead_" })).toBe("list of JobRead");
  expect(typed({ anyOf: [node, { type: "null" }] })).toBe("Node or null");
  expect(typed({ type: "array", items: { type: "string" } })).toBe("list of string");
  expect(typed({ enum: ["asc", "desc"] })).toBe('"asc" or "desc"');
  expect(typed({})).toBe("anything");
  expect(nameOf({ type: "string" })).toBeNull();
});

test("limits and defaults are told", () => {
  expect(limits(schemas.Node?.properties?.count ?? {})).toEqual(["1 to 100", "default 20"]);
  expect(limits({ anyOf: [{ type: "string", maxLength: 200 }, { type: "null" }] })).toEqual(["at most 200 characters"]);
  expect(limits({ type: "number", exclusiveMinimum: 0 })).toEqual(["more than 0"]);
});

test("what holds itself is unfolded one level at a time", () => {
  const inside = parts(node, schemas);
  expect(inside.map(({ name, required }) => [name, required])).toEqual([
    ["name", true],
    ["next", false],
    ["all", false],
    ["count", false],
  ]);
  expect(parts(inside[1]?.schema ?? {}, schemas)).toHaveLength(4);
  expect(parts(inside[2]?.schema ?? {}, schemas)).toHaveLength(4);
  expect(parts(inside[0]?.schema ?? {}, schemas)).toEqual([]);
});

test("a schema that is nothing but itself has an end", () => {
  const loop = { $ref: "#/components/schemas/Loop" };
  expect(parts(loop, schemas)).toEqual([]);
  expect(sample(loop, schemas)).toBe("…");
});

test("a sample holds what must be there, and no more", () => {
  expect(sample(node, schemas)).toEqual({ name: "…" });
});

const document = JSON.parse(readFileSync("openapi.json", "utf8")) as OpenApi;
const all = chapters(document);
const operation = (id: string): Operation => {
  const found = all.flatMap(({ operations }) => operations).find(({ operationId }) => operationId === id);
  if (!found) throw new Error(id);
  return found;
};

test("every operation of the service is there once, jobs first", () => {
  const ids = all.flatMap(({ operations }) => operations.map(({ operationId }) => operationId));
  const described = Object.values(document.paths).flatMap((path) => Object.values(path));
  expect(ids).toHaveLength(described.length);
  expect(new Set(ids).size).toBe(ids.length);
  expect(all[0]?.tag).toBe("jobs");
});

test("an answer that many operations share is told with each of them", () => {
  for (const one of all.flatMap(({ operations }) => operations)) {
    for (const { description } of Object.values(one.responses)) expect(description).toBeTruthy();
  }
  expect(operation("get_job").responses["404"]?.content?.["application/problem+json"]?.schema).toBeDefined();
});

test("a stream is told by what each of its frames carries", () => {
  const media = operation("list_events").responses["200"]?.content?.["text/event-stream"];
  expect(typed(schemaOf(media ?? {}) ?? {})).toBe("EventRead");
  const both = operation("watch_changes").responses["200"]?.content?.["text/event-stream"];
  expect(typed(schemaOf(both ?? {}) ?? {})).toBe("HelloRead or ChangedRead");
});

test("every operation has a command, a sample and fields with an end", () => {
  for (const one of all.flatMap(({ operations }) => operations)) {
    const text = curl(one, document.components.schemas, "http://here");
    expect(text).toMatch(/^curl/);
    expect(text).not.toMatch(/[{}](?!.*-d)\w*}"/);
    for (const { schema } of Object.values(one.requestBody?.content ?? {})) {
      if (schema) expect(parts(schema, document.components.schemas)).toBeDefined();
    }
  }
});

test("a command can be copied: what the reader must fill in stands in capitals", () => {
  const text = curl(operation("cancel_job"), document.components.schemas, "http://here");
  expect(text).toContain('curl -X POST "http://here/v1/jobs/JOB_ID/cancel"');
  expect(text).toContain("Authorization: Bearer $DISTILLERY_API_KEY");
  expect(curl(operation("get_health"), document.components.schemas, "http://here")).toMatch(/^curl "http:/);
});

test("the search knows methods, paths, words and parameters; all words must be there", () => {
  const ids = (text: string) =>
    matching(all, text).flatMap(({ operations }) => operations.map((one) => one.operationId));
  expect(ids("post /cancel")).toEqual(["cancel_job"]);
  expect(ids("max_points")).toContain("get_metrics");
  expect(ids("no such thing at all")).toEqual([]);
});
