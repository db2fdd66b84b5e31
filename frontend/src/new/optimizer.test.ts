import { schema as small } from "./fixture";
import { emptyForm, newStudent } from "./form";
import { optimizerOf } from "./StudentDialog";
import type { JsonSchema } from "./schema";

const kind = (name: string, fields: Record<string, number>): JsonSchema => ({
  properties: {
    kind: { const: name, default: name },
    ...Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, { type: "number", default: value }])),
  },
});
const $defs: Record<string, JsonSchema> = {
  ...small.$defs,
  Sgd: kind("sgd", { lr: 0.05, momentum: 0.9 }),
  AdamW: kind("adamw", { lr: 0.001, eps: 1e-8 }),
  OptimizerChange: { properties: { kind: {}, lr: {}, momentum: {}, eps: {} } },
  Training: {
    properties: {
      optimizer: {
        discriminator: { propertyName: "kind", mapping: { adamw: "#/$defs/AdamW", sgd: "#/$defs/Sgd" } },
        oneOf: [{ $ref: "#/$defs/Sgd" }, { $ref: "#/$defs/AdamW" }],
      },
    },
  },
};
const root: JsonSchema = { ...small, $defs };
const form = { ...emptyForm(root), training: { optimizer: { kind: "sgd", lr: 0.2, momentum: 0.8 } } };
const student = newStudent(root, "cifar/resnet8", []);

test("a student that names no optimizer changes fields of the job's", () => {
  const { unknown, inherited } = optimizerOf(root, form, { ...student, optimizer: { lr: 0.1 } });
  expect(unknown).toEqual(["eps"]);
  expect(inherited).toEqual({ kind: "sgd", lr: 0.2, momentum: 0.8 });
});

test("another optimizer has its own fields, and its own defaults where nothing is said", () => {
  const { unknown, inherited } = optimizerOf(root, form, { ...student, optimizer: { kind: "adamw" } });
  expect(unknown).toEqual(["momentum"]);
  expect(inherited).toMatchObject({ lr: 0.001, eps: 1e-8 });
});
