import { plural, short } from "@/format";
import { check, type Wrong } from "./check";
import { below } from "./pointer";
import { defaultsOf, type Fields, isFields, type JsonSchema } from "./schema";

/** A student as the form holds it: every field is there, null where the job's own holds. */
export interface StudentForm extends Fields {
  name: string;
  architecture: string;
  seeds: unknown;
  loss: Fields | null;
  optimizer: Fields | null;
  init: Fields | null;
  image_size: unknown;
}

/**
 * The recipe as the form holds it: complete, every default filled in. An empty name stands for the one that the page
 * suggests; an empty teacher or data set for one that has not been chosen yet (a null teacher: none is wanted).
 */
export interface RecipeForm extends Fields {
  name: string;
  preset: string | null;
  teacher: string | null;
  dataset: string;
  loss: Fields;
  init: Fields;
  students: StudentForm[];
  control: boolean;
  training: Fields;
}

export const emptyForm = (schema: JsonSchema): RecipeForm =>
  ({ ...defaultsOf(schema, schema), name: "", teacher: "", dataset: "", students: [] }) as unknown as RecipeForm;

/** What another recipe says, in the form: a preset's, or that of a job. */
export function formOf(schema: JsonSchema, recipe: Fields): RecipeForm {
  const student = schema.$defs?.Student ?? {};
  const students = Array.isArray(recipe.students) ? recipe.students : [];
  return {
    ...emptyForm(schema),
    ...recipe,
    students: students.filter(isFields).map((one) => ({ ...defaultsOf(student, schema), ...one })),
  } as RecipeForm;
}

/** One more student of a network, under a name that is still free. */
export function newStudent(schema: JsonSchema, architecture: string, taken: readonly StudentForm[]): StudentForm {
  const defaults = defaultsOf(schema.$defs?.Student ?? {}, schema);
  return { ...defaults, name: freeName(short(architecture), taken), architecture } as StudentForm;
}

export function freeName(wanted: string, taken: readonly StudentForm[]): string {
  const names = new Set(taken.map((one) => one.name));
  const base = wanted.replace(/ \d+$/, "");
  let name = wanted;
  for (let n = 2; names.has(name); n++) name = `${base} ${n}`;
  return name;
}

/** How many networks a student stands for: one for each seed. */
export const seedsOf = ({ seeds }: StudentForm): number => (Array.isArray(seeds) && seeds.length ? seeds.length : 1);

/** What a job is called that nobody named. */
export function suggestedName(form: RecipeForm, dataset: string | undefined): string {
  const names = form.students.map((one) => one.name);
  const who = names.length > 3 ? plural(names.length, "student") : names.join(", ");
  const text = [dataset, who].filter(Boolean).join(": ") || "distillation";
  return [...text].slice(0, 200).join("");
}

/** All that is wrong as far as this page can know. What has not been chosen yet is told in words of its own. */
export function checkForm(schema: JsonSchema, form: RecipeForm): { wrong: Wrong[]; missing: Wrong[] } {
  const missing: Wrong[] = [];
  if (form.teacher === "") {
    missing.push({ pointer: "/teacher", detail: "Choose a teacher, or none: then the labels alone teach." });
  }
  if (form.dataset === "") missing.push({ pointer: "/dataset", detail: "Choose a data set." });
  if (form.students.length === 0) missing.push({ pointer: "/students", detail: "Add at least one student." });
  const apart = new Set(["", ...missing.map((one) => one.pointer)]);
  const wrong = check(schema, schema, { ...form, name: form.name || "suggested" }).filter(
    (one) => !apart.has(one.pointer),
  );
  return { wrong: [...wrong, ...twiceNamed(form)], missing };
}

function twiceNamed({ students }: RecipeForm): Wrong[] {
  return students.flatMap((one, i) => {
    const first = students.findIndex((other) => other.name === one.name);
    const pointer = below(below("/students", i), "name");
    return first < i && one.name !== "" ? [{ pointer, detail: `Student ${first + 1} has this name too.` }] : [];
  });
}

/** By place; a place's own words first, the service's only where the page has none. */
export function byPlace(lists: readonly (readonly Wrong[])[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const list of lists) {
    const fresh = list.filter(({ pointer }) => !found.has(pointer));
    for (const { pointer, detail } of fresh) {
      const before = found.get(pointer);
      if (before !== detail) found.set(pointer, before ? `${before} ${detail}` : detail);
    }
  }
  return found;
}

const MEMORY = "new distillation";

/** The form outlives a reload and the way back; it ends with the tab. */
export function remembered(): RecipeForm | null {
  try {
    const saved: unknown = JSON.parse(sessionStorage.getItem(MEMORY) ?? "null");
    return isFields(saved) && Array.isArray(saved.students) && isFields(saved.training) ? (saved as RecipeForm) : null;
  } catch {
    return null;
  }
}

export function remember(form: RecipeForm | null): void {
  if (form) sessionStorage.setItem(MEMORY, JSON.stringify(form));
  else sessionStorage.removeItem(MEMORY);
}
