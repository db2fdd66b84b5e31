import type { Schema } from "@/api/client";
import { percent } from "@/format";
import { metricsOf } from "@/jobs/groups";
import { Field } from "@/uploads/Field";

interface Props {
  students: readonly Schema<"StudentRead">[];
  value: string;
  onChange: (id: string) => void;
  problem: string;
}

/** One of the students that are trained. */
export function StudentField({ students, value, onChange, problem }: Props) {
  return (
    <Field
      label="Student"
      hint={students.length ? "Its weights, classes and normalisation come with it." : "No student is trained yet."}
      problem={problem}
    >
      {(attributes) => (
        <select {...attributes} className="input" value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">choose one</option>
          {students.map((one) => (
            <option key={one.id} value={one.id}>
              {one.label}, {percent(metricsOf(one).test?.top1 ?? metricsOf(one).top1)}, of {one.job_name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
