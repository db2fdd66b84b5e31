import { count, duration, parameters } from "@/format";
import type { Job } from "../queries";

/** What a job has cost so far. What it has not used is not there. */
export function Spent({ job }: { job: Job }) {
  const { attempts, slot_seconds, gpu_seconds, teacher_forwards } = job.spent;
  const facts: [string, string, string][] = [
    ...(gpu_seconds > 0
      ? [["GPU time", duration(gpu_seconds), hours(gpu_seconds, "GPU")] as [string, string, string]]
      : []),
    ...(slot_seconds > 0
      ? [["slot time", duration(slot_seconds), hours(slot_seconds, "slot")] as [string, string, string]]
      : []),
    ...(teacher_forwards > 0
      ? [
          [
            "asked the teacher",
            parameters(teacher_forwards),
            `${count(teacher_forwards)} images were shown to the teacher while training`,
          ] as [string, string, string],
        ]
      : []),
    ...(attempts > 0 ? [["attempts", count(attempts), "of workers"] as [string, string, string]] : []),
  ];
  if (facts.length === 0) return null;
  return (
    <dl className="spent">
      {facts.map(([name, value, title]) => (
        <div key={name} title={title}>
          <dt className="small soft">{name}</dt>
          <dd className="strong">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const hours = (seconds: number, what: string) => `${(seconds / 3600).toPrecision(3)} ${what}-hours`;
