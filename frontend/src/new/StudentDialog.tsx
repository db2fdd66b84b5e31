import { useQuery } from "@tanstack/react-query";
import { count, parameters } from "@/format";
import { Dialog } from "@/ui/Dialog";
import { useForm } from "./context";
import type { RecipeForm, StudentForm } from "./form";
import { LossChoice } from "./LossCard";
import { below } from "./pointer";
import { architectureQuery, type Loss } from "./queries";
import { isGroup, SchemaField, SchemaFields } from "./SchemaField";
import { defaultOf, defaultsOf, type Fields, isFields, type JsonSchema, variantOf } from "./schema";

interface Props {
  pointer: string;
  student: StudentForm;
  form: RecipeForm;
  losses: readonly Loss[];
  classes: number;
  onChange: (student: StudentForm) => void;
  onClose: () => void;
}

/** What a student may change of its optimizer: the fields that its kind does not know, and what holds unless changed. */
export function optimizerOf(root: JsonSchema, form: RecipeForm, student: StudentForm) {
  const schema = root.$defs?.Student?.properties?.optimizer ?? {};
  const all = isFields(form.training.optimizer) ? form.training.optimizer : {};
  const kind = student.optimizer?.kind ?? all.kind;
  const variant = variantOf(root.$defs?.Training?.properties?.optimizer ?? {}, root, { kind });
  const fields = Object.keys(root.$defs?.OptimizerChange?.properties ?? {});
  const unknown = variant ? fields.filter((name) => !(name in (variant.properties ?? {}))) : [];
  const inherited: Fields = kind === all.kind || !variant ? all : { ...defaultsOf(variant, root), kind: all.kind };
  return { schema, unknown, inherited };
}

/** Everything of one student. What it does not say for itself it shares with the others. */
export function StudentDialog({ pointer, student, form, losses, classes, onChange, onClose }: Props) {
  const { root } = useForm();
  const network = useQuery(architectureQuery(student.architecture, classes)).data;
  const schema = root.$defs?.Student ?? {};
  const field = (name: string): JsonSchema => schema.properties?.[name] ?? {};
  const set = (change: Fields) => onChange({ ...student, ...change } as StudentForm);
  const plainField = (name: string) => (
    <SchemaField
      key={name}
      name={name}
      schema={field(name)}
      pointer={below(pointer, name)}
      value={student[name]}
      onChange={(value) => set({ [name]: value })}
    />
  );
  const special = ["loss", "optimizer"];
  const plain = Object.keys(schema.properties ?? {})
    .filter((name) => !special.includes(name))
    .sort((a, b) => Number(isGroup(field(a), root)) - Number(isGroup(field(b), root)));
  const { schema: optimizer, unknown, inherited } = optimizerOf(root, form, student);
  const changed = (to: unknown): Fields | null => {
    if (!isFields(to)) return null;
    const { kind } = to;
    const known = optimizerOf(root, form, { ...student, optimizer: to }).unknown;
    const kept = Object.entries(to).filter(([name, value]) => value !== null && !known.includes(name));
    // Another kind, another scale: what was said of the old one's fields does not hold for it.
    const same = (kind ?? null) === (student.optimizer?.kind ?? null);
    const said: Fields = same ? Object.fromEntries(kept) : kind == null ? {} : { kind };
    if (Object.keys(said).length === 0) return null;
    return { ...defaultsOf(root.$defs?.OptimizerChange ?? {}, root), ...said };
  };
  return (
    <Dialog title={student.name || "Student"} onClose={onClose} wide>
      {network && (
        <p className="small soft">
          {network.name}: {network.description} {count(network.parameters)} parameters ({parameters(network.parameters)}
          ) with a head of {classes} classes.
        </p>
      )}
      <div className="fields">{plain.map(plainField)}</div>
      <fieldset className="group">
        <legend>Optimizer</legend>
        <p className="small soft">
          {student.optimizer?.kind
            ? "What stays empty is this optimizer's default."
            : "What stays empty is as for all students."}
        </p>
        <div className="fields narrow">
          <SchemaFields
            schema={optimizer}
            pointer={below(pointer, "optimizer")}
            value={student.optimizer ?? defaultOf(root.$defs?.OptimizerChange ?? {}, root)}
            inherited={inherited}
            without={unknown}
            onChange={(to) => set({ optimizer: changed(to) })}
          />
        </div>
      </fieldset>
      {form.teacher !== null && (
        <fieldset className="group">
          <legend>Loss</legend>
          <label className="switch-line">
            <input
              type="checkbox"
              className="switch"
              checked={student.loss !== null}
              onChange={(event) => set({ loss: event.target.checked ? structuredClone(form.loss) : null })}
            />
            a loss of its own
          </label>
          {student.loss && (
            <LossChoice
              losses={losses}
              pointer={below(pointer, "loss")}
              value={student.loss}
              onChange={(loss) => set({ loss })}
            />
          )}
        </fieldset>
      )}
      <div className="row">
        <button type="button" className="button primary" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
