import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { plural } from "@/format";
import { Answer } from "@/ui/Answer";
import { Outcome } from "@/uploads/Outcome";
import { datasetQuery } from "./queries";

interface Props {
  id: string;
  onAnother: () => void;
  onCancel: (() => void) | undefined;
  within: boolean | undefined;
}

/** A data set that was just registered, until it is read. */
export function DatasetOutcome({ id, onAnother, onCancel, within }: Props) {
  const query = useQuery(datasetQuery(id));
  return (
    <Answer query={query} label="the data set" heights={[96]}>
      {({ name, status, created_at, progress, error, classes, counts, warnings }) => (
        <Outcome
          what="images"
          name={name}
          status={status}
          since={created_at}
          progress={progress}
          error={error}
          see={
            <Link to="/datasets/$id" params={{ id }} className="button primary">
              See its images
            </Link>
          }
          onAnother={onAnother}
          onCancel={onCancel}
          within={within}
        >
          <p>
            {plural(classes?.length ?? 0, "class", "classes")},{" "}
            {plural(
              Object.values(counts ?? {}).reduce((a, b) => a + b, 0),
              "image",
            )}
            {warnings?.length ? `; ${plural(warnings.length, "thing")} to know` : ""}.
          </p>
        </Outcome>
      )}
    </Answer>
  );
}
