import { useQuery } from "@tanstack/react-query";
import { isNotFound } from "@/api/client";
import { seriesColor } from "@/charts/color";
import { Pairs } from "@/charts/Pairs";
import { evaluationQuery } from "@/evaluation/queries";
import { percent, percentage, plural, points } from "@/format";
import { Card } from "@/ui/Card";
import { Failure, Skeleton } from "@/ui/faces";
import type { Candidate } from "./candidates";
import { type ClassDifference, differencesOf, ends } from "./classes";
import type { CompareSearch } from "./search";

interface Props {
  candidates: readonly Candidate[];
  search: CompareSearch;
  onChange: (search: CompareSearch) => void;
}

interface Choice {
  id: string;
  name: string;
  hue: number;
}

const EACH = 8;

/** Two students, class by class: where the one is ahead, and where the other. */
export function Classes({ candidates, search, onChange }: Props) {
  const choices = candidates.map(({ job, hue, name }) => ({
    name,
    students: job.students
      .filter((student) => student.status === "trained")
      .map((student): Choice => ({ id: student.id, name: `${name} · ${student.label}`, hue })),
  }));
  const all = choices.flatMap((one) => one.students);
  const leaders = candidates.flatMap((one) => one.standing?.group.members[0]?.id ?? []);
  const find = (id: string | undefined) => all.find((one) => one.id === id);
  const left = find(search.left) ?? find(leaders[0]) ?? all[0];
  const right = find(search.right) ?? find(leaders.find((id) => id !== left?.id)) ?? all.find((one) => one !== left);
  if (!left || !right) {
    return (
      <Card title="Where do they differ?">
        <p className="soft">Class by class, once two of the students are trained.</p>
      </Card>
    );
  }
  const box = (label: string, side: "left" | "right", value: Choice) => (
    <label className="class-choice">
      <span className="swatch" style={{ background: colorOf(side, left, right) }} aria-hidden />
      <span className="unseen">{label}</span>
      <select
        className="input"
        value={value.id}
        onChange={(event) => onChange({ ...search, [side]: event.target.value })}
      >
        {choices.map((one) => (
          <optgroup key={one.name} label={one.name}>
            {one.students.map((student) => (
              <option key={student.id} value={student.id}>
                {student.name}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
  return (
    <Card title="Where do they differ?" aside="top-1 of each class, %">
      <div className="stack">
        <div className="row class-choices">
          {box("The one student", "left", left)}
          <span className="soft">and</span>
          {box("The other student", "right", right)}
        </div>
        <Measured left={left} right={right} search={search} onChange={onChange} />
      </div>
    </Card>
  );
}

/** Two students of one job have one colour: the other one is then grey. */
const colorOf = (side: "left" | "right", left: Choice, right: Choice): string =>
  side === "right" && left.hue === right.hue ? "var(--control)" : seriesColor((side === "left" ? left : right).hue);

interface MeasuredProps extends Omit<Props, "candidates"> {
  left: Choice;
  right: Choice;
}

function Measured({ left, right, search, onChange }: MeasuredProps) {
  const one = useQuery(evaluationQuery(left.id, undefined));
  const other = useQuery(evaluationQuery(right.id, one.data?.split));
  const failed = [one, other].find((query) => query.isError);
  if (failed) {
    if (!isNotFound(failed.error)) return <Failure error={failed.error} onRetry={() => void failed.refetch()} />;
    return <p className="soft">One of them was trained before classes were told apart: there is nothing to show.</p>;
  }
  if (!one.data || !other.data) return <Skeleton height={320} />;
  if (one.data.dataset !== other.data.dataset) {
    return <p className="soft">They were measured on different data sets, whose classes cannot be compared.</p>;
  }
  const classes = differencesOf(one.data.classes, other.data.classes);
  const shown = search.classes === "all" ? classes : ends(classes, EACH);
  const { classes: _, ...rest } = search;
  return (
    <>
      <p>{sentence(classes, left.name, right.name)}</p>
      <Pairs
        label={`Top-1 of each class: ${left.name} and ${right.name}`}
        rows={shown.map((row) => ({
          key: row.name,
          name: row.name,
          from: row.right,
          to: row.left,
          text: points(row.difference),
          faint: !row.beyond,
          title: `${plural(row.count, "image")}: ${percent(row.left)} and ${percent(row.right)}`,
        }))}
        write={percentage}
        colors={{ from: colorOf("right", left, right), to: colorOf("left", left, right) }}
      />
      {classes.length > 2 * EACH && (
        <p>
          <button
            type="button"
            className="button small"
            onClick={() => onChange(search.classes === "all" ? rest : { ...rest, classes: "all" })}
          >
            {search.classes === "all" ? "Those that differ most" : `All ${classes.length} classes`}
          </button>
        </p>
      )}
    </>
  );
}

function sentence(classes: readonly ClassDifference[], left: string, right: string): string {
  const clear = classes.filter((one) => one.beyond);
  if (clear.length === 0) {
    return `In none of the ${plural(classes.length, "class", "classes")} is the difference beyond the noise.`;
  }
  const ahead = clear.filter((one) => one.difference > 0).length;
  const parts = [
    ahead > 0 ? `${left} is ahead in ${ahead}` : null,
    clear.length > ahead ? `${right} in ${clear.length - ahead}` : null,
  ];
  return `Beyond the noise, ${parts.filter(Boolean).join(" and ")} of ${plural(classes.length, "class", "classes")}.`;
}
