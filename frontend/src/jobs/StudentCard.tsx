import { Link } from "@tanstack/react-router";
import { seriesColor } from "@/charts/color";
import { parameters, percent, percentage, plural, plusMinus, points, short, spaced } from "@/format";
import type { Standing } from "./groups";

interface Props {
  standing: Standing;
  teacher: number | null;
}

/** One student over its seeds: where it stands, what the teacher gave it, how much of the gap is closed. */
export function StudentCard({ standing, teacher }: Props) {
  const { group, top1, interval, control, difference, differenceInterval, gapReason, agreement, seeds } = standing;
  const color = seriesColor(group.hue);
  const failed = group.members.filter((member) => member.status === "failed");
  return (
    <article className="card student-card" aria-label={`Student ${group.name}`}>
      <div className="spread">
        <h2 className="row clip">
          <span className="swatch" style={{ background: color }} aria-hidden />
          <span className="clip" title={group.name} dir="auto">
            {group.name}
          </span>
        </h2>
        <span className="small soft nowrap">
          {short(group.architecture)} · {parameters(group.parameters)}
        </span>
      </div>
      <div className="spread">
        <span className="nowrap">
          <span className="figure">{percent(top1)}</span>{" "}
          <span className="small soft">{plusMinus(top1, interval)}</span>
        </span>
        {difference !== null && (
          <span className="small soft nowrap" title={spelled(differenceInterval)}>
            <b className={tone(differenceInterval)}>{points(difference)}</b> over control
          </span>
        )}
      </div>
      <Track standing={standing} teacher={teacher} color={color} />
      <p className="small soft">
        {[
          group.members.length > 1 ? `mean of ${plural(group.members.length, "seed")}` : null,
          agreement !== null ? `agrees with the teacher on ${percent(agreement, 0)}` : null,
          standing.final && control !== null && standing.gapClosed === null && gapReason ? spaced(gapReason) : null,
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {failed.map((member) => (
        <p key={member.id} className="small bad wrap">
          Seed {member.seed} failed: {(member.error as { detail?: string } | null)?.detail ?? "no reason was given"}
        </p>
      ))}
      <div className="row small">
        {group.members.map((member, i) => (
          <Link key={member.id} to="/students/$id" params={{ id: member.id }} className="soft nowrap">
            {group.members.length > 1 ? `seed ${member.seed}` : "files and figures"}
            {group.members.length > 1 && seeds[i] != null && ` ${percentage(seeds[i])}`}
          </Link>
        ))}
      </div>
    </article>
  );
}

/** Green or red only beyond the noise. */
function tone(interval: readonly number[] | null): string {
  const [low, high] = interval ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return (low as number) > 0 ? "good" : (high as number) < 0 ? "bad" : "";
}

const spelled = (interval: readonly number[] | null) =>
  interval ? `95 % interval ${points(interval[0])} to ${points(interval[1])} points` : "without an interval";

/** From the control on the left to the teacher's gold tick on the right. */
function Track({ standing, teacher, color }: Props & { color: string }) {
  const { top1, control, gapClosed } = standing;
  if (teacher === null) return null;
  if (top1 === null) return <div className="track" />;
  const [least, most] = [Math.min(control ?? 0, top1, teacher), Math.max(control ?? 0, top1, teacher)];
  // As a rule the control is where the track begins. A student below its control still gets a length of its own.
  const low = control === null || control === least ? least : least - (most - least) / 4;
  const at = (value: number) => `${most > low ? (100 * (value - low)) / (most - low) : 0}%`;
  return (
    <div className="stack tight">
      <div className="track" aria-hidden="true">
        <span className="done" style={{ width: at(top1), background: color }} />
        {control !== null && control > low && <span className="tick control" style={{ left: at(control) }} />}
        <span className="tick teacher" style={{ left: at(teacher) }} />
      </div>
      <div className={`spread small ${control !== null && control > teacher ? "turned" : ""}`}>
        <span className="control-text">{control !== null ? `control ${percentage(control)}` : ""}</span>
        {gapClosed !== null && (
          <span>{gapClosed < 0 ? "behind its control" : `${percent(gapClosed, 0)} of the gap closed`}</span>
        )}
        <span className="teacher">teacher {percentage(teacher)}</span>
      </div>
    </div>
  );
}
