import { api, take } from "@/api/client";
import type { Dataset } from "@/datasets/queries";
import type { Job } from "@/jobs/queries";
import type { Teacher } from "@/teachers/queries";

/**
 * The sample: real handwritten digits, a teacher trained on them, and two smaller students that learn from it. The
 * browser in which it was begun remembers the teacher's job; the rest is read from the service, so that a reload goes
 * on where it stood. The Idempotency-Keys make a step that two windows take at once a single one.
 */
const MEMORY = "sample";

export const remembered = (): string | null => localStorage.getItem(MEMORY);
export const remember = (jobId: string): void => localStorage.setItem(MEMORY, jobId);
export const forget = (): void => localStorage.removeItem(MEMORY);

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
  const dataset = await digits(datasets, pause);
  const body = {
    name: "digits: the teacher",
    preset: "digits",
    dataset,
    teacher: null,
    students: [{ name: "teacher", architecture: "resnet20" }],
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
  return take(api.POST("/v1/teachers", { params: once(`sample-teacher-${student}`), body }));
}

export async function distil(training: Job, teacher: Teacher): Promise<Job> {
  const body = {
    name: "digits: two sizes, three seeds",
    preset: "digits",
    dataset: training.dataset?.id,
    teacher: teacher.id,
  };
  const key = `sample-students-${teacher.id}`;
  return (await take(api.POST("/v1/jobs", { params: once(key), body: body as never }))) as Job;
}
