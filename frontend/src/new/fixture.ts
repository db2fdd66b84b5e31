import type { JsonSchema } from "./schema";

/** A recipe's schema in small, with every shape that the real one has. */
export const schema: JsonSchema = {
  type: "object",
  required: ["dataset", "students"],
  properties: {
    name: { type: "string", default: "distillation", minLength: 1, maxLength: 200 },
    preset: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
    teacher: { anyOf: [{ type: "string" }, { $ref: "#/$defs/TeacherFile" }, { type: "null" }], default: null },
    dataset: { type: "string", minLength: 1 },
    loss: {
      discriminator: {
        propertyName: "kind",
        mapping: { dist: "#/$defs/Dist", task: "#/$defs/Task" },
      },
      oneOf: [{ $ref: "#/$defs/Task" }, { $ref: "#/$defs/Dist" }],
      default: { kind: "dist", alpha: 1, beta: 2 },
      title: "Loss",
    },
    students: { type: "array", items: { $ref: "#/$defs/Student" }, minItems: 1, maxItems: 64 },
    control: { type: "boolean", default: true },
    training: {
      $ref: "#/$defs/Training",
      default: { epochs: 30, lr: 0.05, milestones: [], precision: "auto", padding: null, ema: null, average: null },
      description: "The schedule.",
    },
    exports: { type: "array", items: { enum: ["safetensors", "torch"] }, default: ["safetensors", "torch"] },
    metadata: {
      type: "object",
      additionalProperties: { type: "string", maxLength: 8 },
      propertyNames: { maxLength: 4 },
      maxProperties: 2,
      default: {},
      title: "Labels of your own",
    },
  },
  $defs: {
    TeacherFile: { type: "object", properties: { path: { type: "string" } } },
    Task: {
      type: "object",
      properties: {
        kind: { const: "task", default: "task" },
        alpha: { type: "number", default: 1, exclusiveMinimum: 0 },
      },
    },
    Dist: {
      type: "object",
      properties: {
        kind: { const: "dist", default: "dist", description: "Relations." },
        alpha: { type: "number", default: 1, minimum: 0, maximum: 1000, title: "Labels α", description: "A weight." },
        beta: { type: "number", default: 2, minimum: 0 },
      },
    },
    Student: {
      type: "object",
      required: ["name", "architecture"],
      properties: {
        name: { type: "string", minLength: 1, maxLength: 200 },
        architecture: { type: "string", minLength: 1 },
        seeds: {
          anyOf: [{ type: "array", items: { type: "integer", minimum: 0 }, minItems: 1 }, { type: "null" }],
          default: null,
        },
        loss: {
          anyOf: [
            {
              discriminator: {
                propertyName: "kind",
                mapping: { dist: "#/$defs/Dist", task: "#/$defs/Task" },
              },
              oneOf: [{ $ref: "#/$defs/Task" }, { $ref: "#/$defs/Dist" }],
            },
            { type: "null" },
          ],
          default: null,
        },
        optimizer: { anyOf: [{ $ref: "#/$defs/Change" }, { type: "null" }], default: null },
      },
    },
    Change: {
      type: "object",
      properties: {
        lr: { anyOf: [{ type: "number", exclusiveMinimum: 0 }, { type: "null" }], default: null },
        nesterov: { anyOf: [{ type: "boolean" }, { type: "null" }], default: null },
      },
    },
    Average: {
      type: "object",
      properties: { decay: { type: "number", default: 0.9999, exclusiveMinimum: 0, exclusiveMaximum: 1 } },
    },
    Training: {
      type: "object",
      properties: {
        epochs: { type: "integer", default: 30, minimum: 1, maximum: 10000, description: "Passes.", title: "Epochs" },
        lr: { type: "number", default: 0.05, exclusiveMinimum: 0, title: "Lr" },
        milestones: { type: "array", items: { type: "integer", minimum: 1 }, default: [] },
        precision: { type: "string", enum: ["auto", "float32"], default: "auto" },
        padding: { anyOf: [{ type: "integer", minimum: 0 }, { type: "null" }], default: null },
        ema: { type: "null", default: null },
        average: {
          anyOf: [{ $ref: "#/$defs/Average" }, { type: "null" }],
          default: null,
          title: "Average",
          description: "Of the weights.",
        },
      },
    },
  },
};
