import { api, take } from "@/api/client";
import type { Dataset } from "@/datasets/queries";
import type { Job } from "@/jobs/queries";
import type { Teacher } from "@/teachers/queries";

/**
 * The sample: real handwritten digits, a teacher trained on them, and two smaller students that learn from it; the same
 * jobs as those of `make demo`. The browser in which it was begun or continued remembers the teacher's job; the rest is
 * read from the service, so that a reload goes on where it stood, and any browser can continue what another left.
 * The Idempotency-Keys make a step that two windows take at once a single one; they are new each time the sample is
 * begun or continued, so that what was deleted meanwhile is made anew.
 */
const MEMORY = "sample";
const ATTEMPT = "sample attempt";
const TEACHER = "digits: the teacher";
const STUDENTS = "digits: two sizes, three seeds";

export const remembered = (): string | null => localStorage.getItem(MEMORY);
export function remember(jobId: string): void {
  localStorage.setItem(MEMORY, jobId);
  localStorage.setItem(ATTEMPT, crypto.randomUUID());
}
export const forget = (): void => localStorage.removeItem(MEMORY);

async function newest(name: string): Promise<Job | undefined> {
  const { data } = await take(api.GET("/v1/jobs", { params: { query: { name, limit: 20 } } }));
  return data.find((job) => job.name === name);
}

/** The teacher's job of a sample that was left half-way: its students were never asked for. */
export async function halfway(): Promise<Job | null> {
  const training = await newest(TEACHER);
  if (!training || stepOf(training, undefined) === "stuck") return null;
  return (await newest(STUDENTS)) ? null : training;
}

export type Step = "train" | "register" | "distil" | "stuck";

/** What comes next, once the job that trains the teacher exists. */
export function stepOf(training: Job, teacher: Teacher | undefined): Step {
  if (training.status === "failed" || training.status === "cancelled" || teacher?.status === "rejected") return "stuck";
  if (training.status !== "succeeded") return "train";
  return teacher?.status === "ready" ? "distil" : "register";
}

/** The teacher that was made of the job's student. */
export function teacherFrom(training: Job, teachers: readonly Teacher[]): Teacher | undefined {
  const student = training.students[0]?.id;
  return teachers.find((one) => student !== undefined && one.source.student === student);
}

const once = (key: string) => ({ header: { "idempotency-key": key } });
const stepKey = (step: Step) => `sample-${step}-${localStorage.getItem(ATTEMPT)}`;

/** The data set, found or made, once a worker has read it. */
async function digits(datasets: readonly Dataset[], pause: () => Promise<void>): Promise<string> {
  const known = datasets.find((one) => one.status !== "rejected" && one.source.name === "digits");
  let dataset =
    known ??
    (await take(
      api.POST("/v1/datasets", {
        params: once(crypto.randomUUID()),
        body: { name: "handwritten digits", source: { kind: "builtin", name: "digits" } },
      }),
    ));
  while (dataset.status === "validating") {
    await pause();
    dataset = await take(api.GET("/v1/datasets/{dataset_id}", { params: { path: { dataset_id: dataset.id } } }));
  }
  if (dataset.status === "rejected") throw new Error(dataset.error?.detail ?? "The data set was rejected.");
  return dataset.id;
}

export async function trainTeacher(datasets: readonly Dataset[], pause: () => Promise<void>): Promise<Job> {
  const begun = await halfway();
  if (begun) return begun;
  const dataset = await digits(datasets, pause);
  const body = {
    name: TEACHER,
    preset: "digits",
    dataset,
    loss: { kind: "task" },
    students: [{ name: "teacher", architecture: "resnet8x4" }],
  };
  return (await take(api.POST("/v1/jobs", { params: once(crypto.randomUUID()), body: body as never }))) as Job;
}

export function registerTeacher(training: Job): Promise<Teacher> {
  const student = training.students[0]?.id ?? "";
  const body = {
    name: "digits teacher",
    source: { kind: "student" as const, student },
    dataset: training.dataset?.id ?? null,
  };
  return take(api.POST("/v1/teachers", { params: once(stepKey("register")), body }));
}

export async function distil(training: Job, teacher: Teacher): Promise<Job> {
  const begun = await newest(STUDENTS);
  if (begun) return begun;
  const body = {
    name: STUDENTS,
    preset: "digits",
    dataset: training.dataset?.id,
    teacher: teacher.id,
  };
  return (await take(api.POST("/v1/jobs", { params: once(stepKey("distil")), body: body as never }))) as Job;
}
