import type { RecipeForm, StudentForm } from "./form";
import type { Architecture } from "./queries";
import { type Fields, isFields, same } from "./schema";

interface Props {
  student: StudentForm;
  form: RecipeForm;
  network: Architecture | null | undefined;
  label: string;
  onChange: (field: "init", value: Fields | null) => void;
}

const SCRATCH = "scratch";
const PRETRAINED = "pretrained:";

const choiceOf = (init: unknown): string =>
  isFields(init) && init.kind === "pretrained" ? `${PRETRAINED}${init.weights ?? ""}` : SCRATCH;

/** Random weights, or some that the network's library publishes. */
export function StartSelect({ student, form, network, label, onChange }: Props) {
  const tags = network?.weights?.map((one) => one.tag) ?? [];
  const now = choiceOf(student.init ?? form.init);
  const choices = [SCRATCH, ...(tags.length > 0 ? [PRETRAINED] : []), ...tags.map((tag) => PRETRAINED + tag)];
  if (!choices.includes(now)) choices.push(now);
  const change = (to: string) => {
    const init: Fields =
      to === SCRATCH ? { kind: "scratch" } : { kind: "pretrained", weights: to.slice(PRETRAINED.length) || null };
    onChange("init", same(init, form.init) ? null : init);
  };
  if (choices.length === 1) return <span className="soft start">scratch</span>;
  return (
    <select
      className="input quiet start"
      aria-label={label}
      value={now}
      onChange={(event) => change(event.target.value)}
    >
      {choices.map((one) => (
        <option key={one} value={one}>
          {one === SCRATCH ? "scratch" : one === PRETRAINED ? "published weights" : one.slice(PRETRAINED.length)}
        </option>
      ))}
    </select>
  );
}
