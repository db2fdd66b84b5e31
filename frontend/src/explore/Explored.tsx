import { useQueries } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { Look } from "@/charts/marks";
import { Scatter } from "@/charts/Scatter";
import { Key } from "@/evaluation/Key";
import { bytes, points as inPoints, parameters, percent, plain, plural } from "@/format";
import type { Student } from "@/students/queries";
import { Choice } from "@/uploads/Choice";
import { Candidates } from "./Candidates";
import {
  type Across,
  type Advice,
  adviceOf,
  drawable,
  frontOf,
  insteadOf,
  leftOut,
  type Origin,
  originOf,
  type Point,
  pointsOf,
  roleIn,
  type TeacherPoint,
  type Up,
} from "./points";
import { teacherPointQuery } from "./queries";

const ACROSS: Record<Across, { name: string; unit: string; note?: string; write: (value: number) => string }> = {
  parameters: { name: "parameters", unit: "parameters", write: parameters },
  bytes: { name: "file size", unit: "size of the weights", write: bytes },
  latency: {
    name: "latency",
    unit: "milliseconds for one image on the processor",
    note: "each as timed by the machine that trained it: on another one it differs",
    write: (value) => `${plain(Number(value.toPrecision(3)))}\u202fms`,
  },
};
const UP: Record<Up, { name: string; unit: string }> = {
  top1: { name: "accuracy", unit: "top-1, %" },
  gap: { name: "gap closed", unit: "gap to the teacher closed, %" },
  agreement: { name: "agreement", unit: "same answer as the teacher, %" },
};
const choices = <K extends string>(of: Record<K, { name: string }>) =>
  (Object.keys(of) as K[]).map((key) => ({ key, name: of[key].name }));

/** The candidates as a picture and as a table; who points in one sees it in the other. */
export function Explored({ students }: { students: readonly Student[] }) {
  const search = useSearch({ from: "/shell/explore" });
  const navigate = useNavigate({ from: "/explore" });
  const x = search.x ?? "parameters";
  const y = search.y ?? "top1";
  const [active, setActive] = useState<string | null>(null);
  const points = useMemo(() => pointsOf(students), [students]);
  const teachers = useTeachers(students);
  const shown = useMemo(() => drawable(points, x, y), [points, x, y]);
  const best = teachers.reduce<TeacherPoint | null>((a, b) => (a && a.top1 >= b.top1 ? a : b), null);
  const origin = useMemo(() => originOf(points, best), [points, best]);
  const candidates = useMemo(() => points.filter((one) => !roleIn(origin, one)), [points, origin]);
  const front = useMemo(() => frontOf(candidates, x, y), [candidates, x, y]);
  const look = useMemo(() => lookOf(shown, origin, front, teachers, x, y), [shown, origin, front, teachers, x, y]);
  const byId = new Map(points.map((one) => [one.id, one]));
  const picked = new Set((search.picked ?? "").split(",").filter((id) => byId.has(id)));
  const change = (to: { x?: Across; y?: Up; picked?: string | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...to }) as never, replace: true, resetScroll: false });
  const pick = (ids: Iterable<string>) => change({ picked: [...new Set(ids)].join(",") || undefined });
  const toggle = (id: string) => pick(picked.has(id) ? [...picked].filter((one) => one !== id) : [...picked, id]);
  const advice = adviceOf(candidates, best, x);
  return (
    <>
      <Shipping advice={advice} origin={origin} />
      <div className="row explore-axes">
        <Choice label="Upwards" choices={choices(UP)} value={y} onChange={(to) => change({ y: to })} />
        <span className="small soft">against</span>
        <Choice label="To the right" choices={choices(ACROSS)} value={x} onChange={(to) => change({ x: to })} />
      </div>
      {shown.length === 0 ? (
        <div className="card empty">
          <p>
            None of {plural(points.length, "student")} has both figures: {UP[y].unit} and {ACROSS[x].unit}.
          </p>
        </div>
      ) : (
        <Scatter
          title="Which student to ship?"
          caption={[`${UP[y].unit} against ${ACROSS[x].unit}`, ACROSS[x].note].filter(Boolean).join(" · ")}
          label={`${plural(shown.length, "student")} by ${UP[y].name} against ${ACROSS[x].name}, ${front.size} of them on the front. The table below has the same figures.`}
          look={look}
          picked={picked}
          active={active}
          tell={(key) => {
            const one = byId.get(key);
            return one && <Told point={one} x={x} y={y} front={front.has(key)} role={roleIn(origin, one)} />;
          }}
          onActive={setActive}
          onPick={(keys) => (keys.length === 1 ? toggle(keys[0] as string) : pick(keys))}
        >
          <div className="row small soft explore-key">
            <Key who="student">distilled; large: on the front, where nothing smaller is as good</Key>
            <Key who="control">learned from the labels alone: the line is the gain</Key>
            {teachers.length > 0 && <Key who="teacher">{teachers.length === 1 ? "the teacher" : "the teachers"}</Key>}
            {origin && <Key who="origin">what the teacher comes from: no candidate</Key>}
          </div>
        </Scatter>
      )}
      <Candidates
        points={points}
        teacher={best}
        origin={origin}
        front={front}
        picked={picked}
        active={active}
        onActive={setActive}
        onToggle={toggle}
        onClear={() => pick([])}
      />
    </>
  );
}

function Shipping({ advice, origin }: { advice: Advice | null; origin: Origin | null }) {
  if (!advice) return null;
  const { point } = advice;
  const instead = insteadOf(point);
  return (
    <section className="card verdict" aria-label="Which one to ship">
      <p className="small soft">{advice.lead}</p>
      <p className="verdict-text wrap">
        <Link to="/students/$id" params={{ id: point.id }}>
          {point.name}
        </Link>{" "}
        ({parameters(point.costs.parameters)}, {percent(point.worth.top1)})
      </p>
      {instead && <p className="wrap">{instead}</p>}
      <p className="soft wrap">
        {advice.detail ? `${advice.detail[0]?.toUpperCase()}${advice.detail.slice(1)}. ` : ""}From the job{" "}
        <Link to="/jobs/$id/distillation" params={{ id: point.job }} className="named" title={point.jobName} dir="auto">
          {point.jobName}
        </Link>
        .{origin && ` ${leftOut(origin)}`}
      </p>
    </section>
  );
}

function Told({ point, x, y, front, role }: { point: Point; x: Across; y: Up; front: boolean; role: string | null }) {
  const cost = point.costs[x];
  const without = point.control?.[y];
  const worth = point.worth[y];
  return (
    <>
      <b className="wrap">{point.name}</b>
      <span className="soft wrap">{point.jobName}</span>
      <span>
        {percent(worth)} · {cost === null ? "–" : ACROSS[x].write(cost)}
        {front && " · on the front"}
        {role && ` · ${role}`}
      </span>
      {without != null && worth !== null && y !== "gap" && (
        <span className="soft">{inPoints(worth - without)} over the same network without a teacher</span>
      )}
    </>
  );
}

/** Each teacher of these students, measured where it taught last. */
function useTeachers(students: readonly Student[]): TeacherPoint[] {
  const taught = useMemo(() => {
    const jobs = new Map<string, string>();
    for (const { teacher, job } of students) if (teacher && !jobs.has(teacher.id)) jobs.set(teacher.id, job);
    return [...jobs].map(([teacher, job]) => ({ teacher, job }));
  }, [students]);
  return useQueries({
    queries: taught.map(teacherPointQuery),
    combine: (answers) => answers.flatMap((one) => one.data ?? []),
  });
}

function lookOf(
  shown: readonly Point[],
  origin: Origin | null,
  front: ReadonlySet<string>,
  teachers: readonly TeacherPoint[],
  x: Across,
  y: Up,
): Look {
  const levels = teachers.map((one) => one.top1);
  return {
    dots: shown.map((one) => ({
      key: one.id,
      name: one.name,
      x: one.costs[x] as number,
      y: one.worth[y] as number,
      control: one.control?.[y] ?? null,
      taught: one.taught,
      origin: roleIn(origin, one) !== null,
      front: front.has(one.id),
    })),
    teachers: teachers.flatMap((one) => {
      const cost = one.costs[x];
      return cost ? [{ key: one.id, name: one.name, x: cost, y: y === "top1" ? one.top1 : 1 }] : [];
    }),
    level: y === "top1" ? (levels.length ? Math.max(...levels) : null) : null,
    nameX: ACROSS[x].unit,
    writeX: ACROSS[x].write,
    unit: 100,
  };
}
