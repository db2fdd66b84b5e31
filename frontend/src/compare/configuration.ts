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
  const called = callOf(jobs);
  const flats = jobs.map((job) => flatten(job, called));
  const keys = [...new Set(flats.flatMap((flat) => [...flat.keys()]))];
  const settings = keys.map((key) => {
    const [section = "", name = "", who] = key.split(SPLIT);
    const values = flats.map((flat) => flat.get(key) ?? null);
    // A student that a job lacks is told once, in a row of its own, and not again by every setting that it lacks.
    const asked = who === undefined ? values : values.filter((_, i) => flats[i]?.has(studentKey(who)));
    return { section, name, values, differs: new Set(asked).size > 1 };
  });
  const rank = (one: Setting) => SECTIONS.indexOf(one.section as Section);
  const places = new Map<string, number>();
  for (const one of settings) places.set(part(one), places.get(part(one)) ?? places.size);
  const place = (one: Setting) => places.get(part(one)) ?? 0;
  return settings.sort((a, b) => rank(a) - rank(b) || place(a) - place(b));
}

/** What belongs together: all of one student, all of one schedule. */
const part = ({ section, name }: Setting): string => section + SPLIT + name.split(":")[0];

type Call = (student: Recipe, place: number) => string;

/** Students are told apart by name where the jobs have names in common, else by where they stand. */
function callOf(jobs: readonly Job[]): Call {
  const names = jobs.map((job) => studentsOf(job).map((student) => String(student.name)));
  const common = names[0]?.some((name) => names.every((others) => others.includes(name)));
  if (common) return (student, place) => String(student.name ?? place + 1);
  return (_, place) => (names.every((one) => one.length < 2) ? "student" : `student ${place + 1}`);
}

const studentsOf = (job: Job): Recipe[] =>
  Array.isArray(job.recipe.students) ? (job.recipe.students as Recipe[]) : [];
const studentKey = (who: string) => ["students", who].join(SPLIT);

/** The seed of students that name none. */
const seedOf = (job: Job): unknown => (job.recipe.training as Recipe | undefined)?.seed ?? 0;

/** What a student has of its own, or takes from the job. */
const OWN = { loss: null, optimizer: null, init: null };

function flatten(job: Job, called: Call): Flat {
  const flat: Flat = new Map();
  const { name: _name, teacher, dataset, students: _students, ...recipe } = job.recipe as Recipe;
  put(flat, "what goes in", "teacher", job.teacher?.name ?? teacher ?? "none");
  put(flat, "what goes in", "data set", job.dataset?.name ?? dataset);
  for (const [key, value] of Object.entries(recipe)) {
    walk(flat, PLACES[key] ?? ["rest", key.replaceAll("_", " ")], value);
  }
  studentsOf(job).forEach((student, i) => {
    const who = called(student, i);
    const { name, architecture, seeds, ...settings } = student;
    put(flat, "students", who, name === who ? architecture : `${String(name)}, ${String(architecture)}`);
    const own: Flat = new Map();
    put(own, "students", `${who}: seeds`, seeds ?? [seedOf(job)]);
    for (const [key, value] of Object.entries({ ...OWN, ...settings })) {
      walk(own, ["students", `${who}: ${key.replaceAll("_", " ")}`], key in OWN ? (value ?? "the job's") : value);
    }
    for (const [key, value] of own) flat.set(key + SPLIT + who, value);
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
