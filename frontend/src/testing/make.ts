import type { Job, JobStudent, Series } from "@/jobs/queries";

/** Objects as the service gives them; a test says only what matters to it. */
export function makeStudent(change: Partial<JobStudent> = {}): JobStudent {
  return {
    id: "stu_1",
    name: "small",
    label: "small",
    role: "student",
    seed: 0,
    architecture: "cifar/resnet8",
    parameters: 78_042,
    loss: "dist",
    twin: `${change.architecture ?? "cifar/resnet8"} ${change.seed ?? 0}`,
    status: "training",
    metrics: {},
    error: null,
    ...change,
  };
}

export function makeJob(change: Partial<Job> = {}): Job {
  return {
    object: "job",
    id: "job_1",
    name: "digits, two sizes",
    status: "running",
    phase: "training",
    phase_history: [],
    attempt: 1,
    max_attempts: 3,
    progress: { percent: 25, step: 100, total_steps: 400, epoch: 10, total_epochs: 40, eta_seconds: 90 },
    teacher: { id: "tch_1", name: "the teacher", architecture: "cifar/resnet20", top1: 0.98 },
    dataset: { id: "dst_1", name: "digits", classes: 10, image_size: 8 },
    students: [makeStudent()],
    recipe: {},
    decided: null,
    result: null,
    top1: null,
    spent: { attempts: 1, slot_seconds: 30, gpu_seconds: 0, teacher_forwards: 0 },
    error: null,
    warnings: [],
    available_actions: ["cancel", "pause"],
    last_event: 10,
    priority: 0,
    metadata: {},
    heartbeat_at: null,
    created_at: "2026-01-01T10:00:00Z",
    started_at: "2026-01-01T10:00:01Z",
    finished_at: null,
    ...change,
  };
}

export function makeSeries(student: string | null, name: string, points: readonly [number, number][]): Series {
  const step = points.map(([at]) => at);
  const value = points.map(([, one]) => one);
  return { student, name, step, value, min: value, max: value, points: step.length };
}
