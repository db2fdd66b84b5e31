import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { TheForm } from "./context";
import { schema } from "./fixture";
import { SchemaField, SchemaFields } from "./SchemaField";
import { defaultOf, type JsonSchema } from "./schema";

let held: unknown;

/** A field of the recipe on its own, with what is wrong; what it comes to stands in `held`. */
function Held({ name, start, wrong = {} }: { name: string; start?: unknown; wrong?: Record<string, string> }) {
  const raw = schema.properties?.[name] as JsonSchema;
  const [value, setValue] = useState(start ?? defaultOf(raw, schema));
  held = value;
  const Kind = name === "training" ? SchemaFields : SchemaField;
  return (
    <TheForm value={{ root: schema, wrong: new Map(Object.entries(wrong)) }}>
      <Kind name={name} schema={raw} pointer={`/${name}`} value={value} onChange={setValue} />
    </TheForm>
  );
}

test("a field says what the schema says of it", () => {
  render(<Held name="training" />);
  const epochs = screen.getByLabelText("Epochs");
  expect(epochs).toHaveValue("30");
  expect(epochs).toHaveAccessibleDescription("Passes.");
  expect(epochs).toBeValid();
  expect(screen.queryByLabelText("Ema")).toBeNull(); // nothing to choose
});

test("a number is typed as one types it, and text that is none is kept for its complaint", async () => {
  render(<Held name="training" />);
  const lr = screen.getByLabelText("Lr");
  await userEvent.clear(lr);
  await userEvent.type(lr, "0.010");
  expect(lr).toHaveValue("0.010");
  expect(held).toMatchObject({ lr: 0.01 });
  await userEvent.type(lr, "x");
  expect(held).toMatchObject({ lr: "0.010x" });
});

test("lists, choices, and what may be left out", async () => {
  render(<Held name="training" />);
  await userEvent.type(screen.getByLabelText("Milestones"), "15, 22 27");
  await userEvent.selectOptions(screen.getByLabelText("Precision"), "float32");
  const padding = screen.getByLabelText("Padding");
  expect(padding).toHaveAttribute("placeholder", "default");
  await userEvent.type(padding, "2");
  expect(held).toMatchObject({ milestones: [15, 22, 27], precision: "float32", padding: 2 });
  await userEvent.clear(padding);
  expect(held).toMatchObject({ padding: null });
});

test("what differs from the default can go back to it", async () => {
  render(<Held name="training" start={{ epochs: 5, lr: 0.05, milestones: [], precision: "auto", padding: null }} />);
  await userEvent.click(screen.getByRole("button", { name: "default 30 for Epochs" }));
  expect(held).toMatchObject({ epochs: 30 });
  expect(screen.queryByRole("button")).toBeNull();
});

test("a problem stands beside its field, in place of the help", () => {
  render(
    <Held
      name="training"
      wrong={{ "/training/epochs": "Too many.", "/training/milestones/1": "Must be at least 1." }}
    />,
  );
  const epochs = screen.getByLabelText("Epochs");
  expect(epochs).toBeInvalid();
  expect(epochs).toHaveAccessibleDescription("Too many.");
  expect(screen.getByLabelText("Milestones")).toHaveAccessibleDescription("Value 2: must be at least 1.");
});

test("another kind of a union brings its own fields with their defaults", async () => {
  render(<Held name="loss" />);
  expect(screen.getByLabelText("Labels α")).toHaveValue("1");
  await userEvent.selectOptions(screen.getByLabelText("Loss: kind"), "task");
  expect(held).toEqual({ kind: "task", alpha: 1 });
  expect(screen.queryByLabelText("Beta")).toBeNull();
});

test("what may be absent as a whole has a switch, and its fields once it is there", async () => {
  render(<Held name="training" />);
  const average = screen.getByLabelText("With average");
  expect(average).not.toBeChecked();
  expect(screen.queryByLabelText("Decay")).toBeNull();
  await userEvent.click(average);
  expect(held).toMatchObject({ average: { decay: 0.9999 } });
  expect(screen.getByLabelText("Decay")).toHaveValue("0.9999");
  await userEvent.click(average);
  expect(held).toMatchObject({ average: null });
});

test("boxes for several of a few, in the order of the schema", async () => {
  render(<Held name="exports" start={["torch"]} />);
  await userEvent.click(screen.getByLabelText("safetensors"));
  expect(held).toEqual(["safetensors", "torch"]);
});

test("texts by name", async () => {
  render(<Held name="metadata" />);
  await userEvent.click(screen.getByRole("button", { name: "Add a label" }));
  await userEvent.type(screen.getByLabelText("Labels of your own: name 1"), "who");
  await userEvent.type(screen.getByLabelText("Labels of your own: text 1"), "me");
  expect(held).toEqual({ who: "me" });
  await userEvent.click(screen.getByRole("button", { name: "Remove label 1" }));
  expect(held).toEqual({});
});

test("another kind keeps the parts that both have, and no plain value", async () => {
  const policy: JsonSchema = { type: "object", properties: { magnitude: { type: "integer", default: 9 } } };
  const kind = (name: string): JsonSchema => ({
    type: "object",
    properties: {
      kind: { const: name, default: name, type: "string" },
      flip: { type: "boolean", default: true },
      policy: { anyOf: [policy, { type: "null" }], default: null },
    },
  });
  const raw: JsonSchema = {
    discriminator: { propertyName: "kind", mapping: { crop: "#/$defs/Crop", none: "#/$defs/None" } },
    oneOf: [{ $ref: "#/$defs/Crop" }, { $ref: "#/$defs/None" }],
  } as JsonSchema;
  const root = { ...schema, $defs: { Crop: kind("crop"), None: kind("none") } } as JsonSchema;
  function Alone() {
    const [value, setValue] = useState<unknown>({ kind: "crop", flip: false, policy: { magnitude: 3 } });
    held = value;
    return (
      <TheForm value={{ root, wrong: new Map() }}>
        <SchemaField name="augment" schema={raw} pointer="/augment" value={value} onChange={setValue} />
      </TheForm>
    );
  }
  render(<Alone />);
  await userEvent.selectOptions(screen.getByLabelText("Augment: kind"), "none");
  expect(held).toEqual({ kind: "none", flip: true, policy: { magnitude: 3 } });
});
