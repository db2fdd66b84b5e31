import { useQuery } from "@tanstack/react-query";
import { isNotFound } from "@/api/client";
import { datasetQuery } from "@/datasets/queries";
import type { Student } from "@/students/queries";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/faces";
import { ByClass } from "./ByClass";
import { EvaluationHead, Parts } from "./Parts";
import { type Evaluation, evaluationQuery } from "./queries";
import { useView } from "./search";

interface Props {
  student: Student;
  /** As titles say it. */
  name: string;
  /** The same network without a teacher, where there is one. */
  control: string | null;
}

/** What a trained student gets right and wrong, beside its teacher. */
export function EvaluationSection({ student, name, control }: Props) {
  const [view] = useView();
  const query = useQuery({ ...evaluationQuery(student.id, view.split), enabled: student.status === "trained" });
  if (student.status !== "trained") return null;
  if (isNotFound(query.error)) {
    return (
      <Card title="What it gets right">
        <Empty>It was trained before this was kept. Train it again to see its classes and mistakes.</Empty>
      </Card>
    );
  }
  return (
    <Answer query={query} label="the evaluation" heights={[280, 320]}>
      {(evaluation) => <Loaded id={student.id} name={name} control={control} evaluation={evaluation} />}
    </Answer>
  );
}

function Loaded({
  id,
  name,
  control,
  evaluation,
}: {
  id: string;
  name: string;
  control: string | null;
  evaluation: Evaluation;
}) {
  const dataset = useQuery(datasetQuery(evaluation.dataset)).data;
  const beside = useQuery({ ...evaluationQuery(control ?? "", evaluation.split), enabled: control !== null }).data;
  return (
    <>
      <EvaluationHead evaluation={evaluation} />
      <ByClass name={name} evaluation={evaluation} control={beside} />
      <Parts id={id} name={name} evaluation={evaluation} dataset={dataset} />
    </>
  );
}
