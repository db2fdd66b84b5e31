import { useInfiniteQuery } from "@tanstack/react-query";
import { percent } from "@/format";
import { Card } from "@/ui/Card";
import { Empty, Failure } from "@/ui/faces";
import { type Disagreement, disagreementsQuery, type Evaluation } from "./queries";

const SIDE = 112;

interface Props {
  id: string;
  evaluation: Evaluation;
  names: readonly string[];
  /** Small images are shown as they are, pixel by pixel. */
  crisp: boolean;
}

/** The images on which student and teacher differ; without a teacher, the mistakes it was surest of. */
export function Disagreements({ id, evaluation, names, crisp }: Props) {
  const taught = evaluation.teacher !== null;
  const query = useInfiniteQuery(disagreementsQuery(id, evaluation.split));
  const rows = query.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Card
      title={taught ? "Where student and teacher differ" : "Its worst mistakes"}
      aside={taught ? "what the teacher knew comes first, the farthest apart leading" : "the least likely label first"}
    >
      {query.isError ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <div className="skeleton" style={{ height: 160 }} />
      ) : rows.length === 0 ? (
        <Empty>{taught ? "They say the same of every image." : "It makes no mistake here."}</Empty>
      ) : (
        <div className="stack">
          <ul className="disagreements">
            {rows.map((one) => (
              <li key={one.index}>
                <img
                  className={crisp ? "thumb crisp" : "thumb"}
                  src={`${one.image}?side=${2 * SIDE}`}
                  alt={one.name}
                  title={one.name}
                  width={SIDE}
                  height={SIDE}
                  loading="lazy"
                  decoding="async"
                />
                <div className="small">
                  <p className="strong clip" title={names[one.label]} dir="auto">
                    {names[one.label]}
                  </p>
                  <Says who="student" at={one.student} confidence={one.student_confidence} one={one} names={names} />
                  {one.teacher != null && (
                    <Says who="teacher" at={one.teacher} confidence={one.teacher_confidence} one={one} names={names} />
                  )}
                </div>
              </li>
            ))}
          </ul>
          {query.hasNextPage && (
            <div className="row">
              <button
                type="button"
                className="button"
                disabled={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                More of them
              </button>
            </div>
          )}
        </div>
      )}
    </Card>
  );
}

interface SaysProps {
  who: "student" | "teacher";
  at: number;
  confidence: number | null | undefined;
  one: Disagreement;
  names: readonly string[];
}

function Says({ who, at, confidence, one, names }: SaysProps) {
  const right = at === one.label;
  return (
    <p className="says" title={`the ${who} says ${names[at]}, ${right ? "right" : "wrong"}`}>
      <span className={`key ${who}`} aria-hidden />
      <span className="unseen">the {who}:</span>
      <span className={right ? "clip good" : "clip bad"} dir="auto">
        {names[at]}
      </span>
      <span className="soft nowrap">{percent(confidence, 0)}</span>
    </p>
  );
}
