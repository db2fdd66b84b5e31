import { plain } from "@/format";
import type { Job } from "@/jobs/queries";

/** One setting of several jobs; null where a job has none. */
export interface Setting {
  section: string;
  name: string;
  values: readonly (string | null)[];
  differs: boolean;
}

type Recipe = Record<string, unknown>;
type Flat = Map<string, string>;

const SECTIONS = ["what goes in", "loss", "start", "students", "training", "resources", "decided", "rest"] as const;
type Section = (typeof SECTIONS)[number];
const SPLIT = "\u0000";

/** Every setting of the jobs' recipes and what their first attempts decided, in the order in which one thinks of them. */
export function settingsOf(jobs: readonly Job[]): Setting[] {
  const byName = sameStudents(jobs);
  const flats = jobs.map((job) => flatten(job, byName));
  const keys = [...new Set(flats.flatMap((flat) => [...flat.keys()]))];
  const settings = keys.map((key) => {
    const [section = "", name = ""] = key.split(SPLIT);
    const values = flats.map((flat) => flat.get(key) ?? null);
    return { section, name, values, differs: new Set(values).size > 1 };
  });
  const rank = (one: Setting) => SECTIONS.indexOf(one.section as Section);
  return settings.sort((a, b) => rank(a) - rank(b));
}

/** Students are told apart by name where all jobs have the same names, else by where they stand. */
function sameStudents(jobs: readonly Job[]): boolean {
  const names = jobs.map((job) =>
    studentsOf(job)
      .map((student, i) => String(student.name ?? i))
      .join(SPLIT),
  );
  return new Set(names).size <= 1;
}

const studentsOf = (job: Job): Recipe[] =>
  Array.isArray(job.recipe.students) ? (job.recipe.students as Recipe[]) : [];

function flatten(job: Job, byName: boolean): Flat {
  const flat: Flat = new Map();
  const { name: _name, teacher, dataset, students: _students, ...recipe } = job.recipe as Recipe;
  put(flat, "what goes in", "teacher", job.teacher?.name ?? teacher ?? "none");
  put(flat, "what goes in", "data set", job.dataset?.name ?? dataset);
  for (const [key, value] of Object.entries(recipe))
    walk(flat, PLACES[key] ?? ["rest", key.replaceAll("_", " ")], value);
  const all = studentsOf(job);
  all.forEach(({ name, ...settings }, i) => {
    const who = byName ? String(name ?? i + 1) : all.length > 1 ? `student ${i + 1}` : "student";
    if (!byName) put(flat, "students", who, name);
    walk(flat, ["students", who], settings);
  });
  walk(flat, ["decided", ""], job.decided);
  return flat;
}

/** Where a part of the recipe belongs, and what stands before its settings. */
const PLACES: Record<string, readonly [Section, string]> = {
  preset: ["what goes in", "preset"],
  loss: ["loss", ""],
  init: ["start", ""],
  control: ["students", "control"],
  training: ["training", ""],
  resources: ["resources", ""],
};

function put(flat: Flat, section: Section, name: string, value: unknown): void {
  const text = written(value);
  if (text !== null) flat.set(section + SPLIT + name, text);
}

function walk(flat: Flat, [section, prefix]: readonly [Section, string], value: unknown): void {
  if (!isTable(value)) {
    put(flat, section, prefix || section, value);
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    const word = key.replaceAll("_", " ");
    walk(flat, [section, key === "kind" ? prefix || "kind" : prefix ? `${prefix}: ${word}` : word], inner);
  }
}

const isTable = (value: unknown): value is Recipe =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Null for what is not there: a setting that one job lacks and another leaves out are the same. */
function written(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return plain(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length ? value.map((one) => written(one) ?? "none").join(", ") : "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}
