import type { Dataset } from "@/datasets/queries";
import { count } from "@/format";
import { Choice } from "@/uploads/Choice";
import { Calibration } from "./Calibration";
import { Confusions } from "./Confusions";
import { Disagreements } from "./Disagreements";
import type { Evaluation } from "./queries";
import { useView } from "./search";

const CRISP = 96; // pixels: smaller images are shown as they are

interface Props {
  id: string;
  /** The student's, as titles say it. */
  name: string;
  evaluation: Evaluation;
  dataset: Dataset | undefined;
}

/** The images, the pairs of classes and the confidence of one student. */
export function Parts({ id, name, evaluation, dataset }: Props) {
  const names = evaluation.classes.map((one) => one.name);
  const crisp = (dataset?.image_size ?? CRISP + 1) <= CRISP;
  return (
    <>
      <Disagreements id={id} name={name} evaluation={evaluation} names={names} crisp={crisp} />
      <div className="grid narrow-last">
        <Confusions name={name} evaluation={evaluation} names={names} dataset={dataset} />
        <Calibration name={name} student={evaluation.student} teacher={evaluation.teacher ?? null} />
      </div>
    </>
  );
}

/** On which images, where there is a choice. */
export function EvaluationHead({ evaluation }: { evaluation: Evaluation }) {
  const [, change] = useView();
  return (
    <div className="spread evaluation-head">
      <h2>
        On {count(evaluation.count)} images of {evaluation.split}
      </h2>
      {evaluation.splits.length > 1 && (
        <Choice
          label="Split of the evaluation"
          choices={evaluation.splits.map((key) => ({ key, name: key }))}
          value={evaluation.split}
          onChange={(split) => change({ split })}
        />
      )}
    </div>
  );
}
