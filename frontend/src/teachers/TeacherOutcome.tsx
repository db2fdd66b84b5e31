import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { parameters, percent, plural } from "@/format";
import { Answer } from "@/ui/Answer";
import { Outcome } from "@/uploads/Outcome";
import { whatItIs } from "./kinds";
import { teacherQuery } from "./queries";

interface Props {
  id: string;
  onAnother: () => void;
  onCancel: (() => void) | undefined;
  within: boolean | undefined;
}

/** A teacher that was just registered, until it is read. */
export function TeacherOutcome({ id, onAnother, onCancel, within }: Props) {
  const query = useQuery(teacherQuery(id));
  return (
    <Answer query={query} label="the teacher" heights={[96]}>
      {(teacher) => (
        <Outcome
          what="teacher"
          name={teacher.name}
          status={teacher.status}
          since={teacher.created_at}
          error={teacher.error}
          see={
            <Link to="/teachers/$id" params={{ id }} className="button primary">
              See what was found
            </Link>
          }
          onAnother={onAnother}
          onCancel={onCancel}
          within={within}
        >
          <p>
            {teacher.architecture ?? `A ${whatItIs(teacher)}`}
            {teacher.parameters != null && `, ${parameters(teacher.parameters)} parameters`},{" "}
            {plural(teacher.classes ?? 0, "class", "classes")}
            {teacher.top1 != null && (
              <>
                ; <b className="teacher">{percent(teacher.top1)}</b> on its data set's validation part
              </>
            )}
            .
          </p>
        </Outcome>
      )}
    </Answer>
  );
}
