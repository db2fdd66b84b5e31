import { useQueries } from "@tanstack/react-query";
import type { Dataset } from "@/datasets/queries";
import { bytes, count, percent, plural } from "@/format";
import type { Teacher } from "@/teachers/queries";
import { Card } from "@/ui/Card";
import { Facts } from "@/ui/Facts";
import { Failure, Notice } from "@/ui/faces";
import type { Wrong } from "./check";
import { type RecipeForm, seedsOf } from "./form";
import { idOf, spelled } from "./pointer";
import type { Opinion } from "./preview";
import { architectureQuery } from "./queries";

interface Props {
  form: RecipeForm;
  teacher: Teacher | undefined;
  dataset: Dataset | undefined;
  classes: number;
  opinion: Opinion | null;
  suggested: string;
  open: readonly Wrong[];
  /** Whether it has been tried to start: what is missing is then a mistake, before it is only still to come. */
  tried: boolean;
  starting: boolean;
  error: unknown;
  onName: (name: string) => void;
  onStart: () => void;
  onVisit: (pointer: string) => void;
}

/** What will happen, before it does; and the button. */
export function SummaryCard(props: Props) {
  const { form, opinion, open, tried, starting, error, suggested } = props;
  const warnings = opinion?.preview?.warnings ?? [];
  return (
    <Card title="Summary" className="summary">
      <div className="stack">
        <div className="asked">
          <div className="asked-head">
            <label htmlFor={idOf("/name")}>Name</label>
          </div>
          <input
            id={idOf("/name")}
            className="input"
            placeholder={suggested}
            maxLength={200}
            autoComplete="off"
            value={form.name}
            onChange={(event) => props.onName(event.target.value)}
          />
        </div>
        <Figures {...props} />
        {warnings.map((warning) => (
          <Notice key={warning} kind="warn" title={warning} />
        ))}
        {opinion?.failure && error == null && (
          <Notice kind="warn" title={(opinion.failure.status && opinion.failure.detail) || opinion.failure.title} />
        )}
        {error != null && <Failure error={error} />}
        <button type="button" className="button primary start" aria-describedby="to-do" onClick={props.onStart}>
          {starting ? "Starting…" : "Start distillation"}
        </button>
        <div id="to-do" className="to-do" role="status">
          {open.length === 0 ? (
            <p className="small soft">
              {opinion?.preview
                ? "The service has checked it: it can start."
                : opinion?.failure?.status === 0
                  ? "The service checks it as soon as it answers."
                  : "The service checks it…"}
            </p>
          ) : (
            <>
              <p className="small soft">
                {open.length === 1 ? "One thing is left:" : `${open.length} things are left:`}
              </p>
              <ul className="small">
                {open.slice(0, MOST).map(({ pointer, detail }) => (
                  <li key={pointer + detail}>
                    <button
                      type="button"
                      className={`as-link wrap ${tried || !ALONE.has(pointer) ? "bad" : "strong"}`}
                      onClick={() => props.onVisit(pointer)}
                    >
                      {ALONE.has(pointer) ? detail : `${spelled(pointer)}: ${detail}`}
                    </button>
                  </li>
                ))}
                {open.length > MOST && <li className="soft">and {open.length - MOST} more</li>}
              </ul>
            </>
          )}
        </div>
      </div>
    </Card>
  );
}

const MOST = 5;
const ALONE = new Set(["", "/teacher", "/dataset", "/students"]); // their words say where they belong

function Figures({ form, teacher, dataset, classes, opinion }: Props) {
  const networks = useQueries({ queries: form.students.map((one) => architectureQuery(one.architecture, classes)) });
  const trained = form.students.reduce((sum, one) => sum + seedsOf(one), 0);
  const planned = opinion?.preview?.students;
  const controls = planned?.filter((one) => one.role === "control").length ?? 0;
  const { epochs, batch_size: batch } = form.training;
  const images = dataset?.counts?.train ?? 0;
  const size = Math.min(Number(batch), images);
  const perEpoch = size > 0 ? Math.floor(images / size) : 0; // the last, short batch is dropped
  const steps = perEpoch * Number(epochs);
  const sizes = form.students.map((one, i) => (networks[i]?.data?.parameters ?? 0) * seedsOf(one));
  const weights = 4 * sizes.reduce((a, b) => a + b, 0);
  const files = Array.isArray(form.exports) ? form.exports : [];
  const sure = steps > 0 && Number.isFinite(steps);
  return (
    <Facts
      facts={[
        [
          "one pass trains",
          trained === 0
            ? "–"
            : [
                plural(trained, "student"),
                controls ? plural(controls, "control") : form.control && form.teacher ? "controls" : null,
              ]
                .filter(Boolean)
                .join(", "),
        ],
        [
          "teacher runs",
          form.teacher === null
            ? "not at all"
            : !form.teacher
              ? "–"
              : sure
                ? `on ${count(steps * size)} images, once for all`
                : "once for all",
        ],
        ["steps", sure ? `${count(steps)} in ${plural(Number(epochs), "epoch")}` : "–"],
        ["classes", <Classes key="classes" form={form} teacher={teacher} dataset={dataset} />],
        ["teacher's top-1", <TopOne key="top1" form={form} teacher={teacher} dataset={dataset} />],
        ["files", files.length ? `${files.join(", ")}${weights ? ` · ${bytes(weights * files.length)}` : ""}` : "–"],
      ]}
    />
  );
}

type Told = Pick<Props, "form" | "teacher" | "dataset">;

/** Equal numbers on both sides, or what is wrong with them. */
function Classes({ form, teacher, dataset }: Told) {
  const images = dataset?.classes?.length;
  if (!images) return <>–</>;
  if (form.teacher === null) return <>{count(images)}</>;
  if (!teacher?.classes) return <>{`? = ${count(images)}`}</>;
  const fits = teacher.classes === images;
  return (
    <span className={fits ? "" : "bad"}>
      {count(teacher.classes)} {fits ? "=" : "≠"} {count(images)}
    </span>
  );
}

/** Known where the teacher was registered with this very data set. */
function TopOne({ form, teacher, dataset }: Told) {
  if (form.teacher === null || !teacher) return <>–</>;
  if (teacher.top1 != null && teacher.dataset === dataset?.id) {
    return <span className="teacher strong">{percent(teacher.top1)}</span>;
  }
  return <span className="soft">measured before training</span>;
}
