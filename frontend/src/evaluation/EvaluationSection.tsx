import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { isNotFound } from "@/api/client";
import { datasetQuery } from "@/datasets/queries";
import { count } from "@/format";
import type { Student } from "@/students/queries";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/faces";
import { Choice } from "@/uploads/Choice";
import { ByClass } from "./ByClass";
import { Calibration } from "./Calibration";
import { Confusions } from "./Confusions";
import { Disagreements } from "./Disagreements";
import { type Evaluation, evaluationQuery, type Split } from "./queries";

/** What a trained student gets right and wrong, beside its teacher. */
export function EvaluationSection({ student }: { student: Student }) {
  const [split, setSplit] = useState<Split>();
  const query = useQuery({ ...evaluationQuery(student.id, split), enabled: student.status === "trained" });
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
      {(evaluation) => <Loaded student={student} evaluation={evaluation} onSplit={setSplit} />}
    </Answer>
  );
}

interface Props {
  student: Student;
  evaluation: Evaluation;
  onSplit: (split: Split) => void;
}

function Loaded({ student, evaluation, onSplit }: Props) {
  const dataset = useQuery(datasetQuery(evaluation.dataset)).data;
  const names = evaluation.classes.map((one) => one.name);
  return (
    <>
      <div className="spread evaluation-head">
        <h2>
          On {count(evaluation.count)} images of {evaluation.split}
        </h2>
        {evaluation.splits.length > 1 && (
          <Choice
            label="Split of the evaluation"
            choices={evaluation.splits.map((key) => ({ key, name: key }))}
            value={evaluation.split}
            onChange={onSplit}
          />
        )}
      </div>
      <div className="grid halves">
        <ByClass evaluation={evaluation} />
        <Calibration student={evaluation.student} teacher={evaluation.teacher ?? null} />
      </div>
      <Confusions evaluation={evaluation} names={names} />
      <Disagreements id={student.id} evaluation={evaluation} names={names} crisp={(dataset?.image_size ?? 224) <= 96} />
    </>
  );
}
