import { useQuery } from "@tanstack/react-query";
import { Copy, Pencil, X } from "lucide-react";
import { useState } from "react";
import { seriesColor } from "@/charts/color";
import { parameters, short } from "@/format";
import { Breakable } from "@/ui/Breakable";
import { Card } from "@/ui/Card";
import { AddStudent } from "./AddStudent";
import { useForm, wrongWithin } from "./context";
import { freeName, newStudent, type RecipeForm, type StudentForm, seedsOf } from "./form";
import { below, idOf, spelled } from "./pointer";
import { architectureQuery, type Loss } from "./queries";
import { StartSelect } from "./StartSelect";
import { StudentDialog } from "./StudentDialog";
import { isFields, type JsonSchema } from "./schema";

interface Props {
  form: RecipeForm;
  losses: readonly Loss[];
  /** Of the data set; what parameters are counted with. */
  classes: number;
  /** Side of the data set's images. */
  side: number | null;
  onChange: (pointer: string, value: unknown) => void;
}

export function StudentsCard({ form, losses, classes, side, onChange }: Props) {
  const { root, wrong } = useForm();
  const { students } = form;
  const [open, setOpen] = useState<number | null>(null);
  const put = (to: readonly StudentForm[]) => onChange("/students", to);
  const said = wrong.get("/students");
  const opened = open === null ? undefined : students[open];
  const taught = form.teacher !== null;
  return (
    <Card
      title="Students"
      aside={
        <label className="switch-line" title={taught ? undefined : "Without a teacher there is nothing to control"}>
          <input
            type="checkbox"
            className="switch"
            id={idOf("/control")}
            checked={form.control && taught}
            disabled={!taught}
            onChange={(event) => onChange("/control", event.target.checked)}
          />
          with controls
        </label>
      }
      className="students"
    >
      {students.length > 0 && (
        <ul className="student-rows">
          <li className="student-row heads small soft" aria-hidden>
            <span>network</span>
            <span>starts from</span>
            <span>loss</span>
            <span>seeds</span>
            <span className="number">parameters</span>
            <span />
          </li>
          {students.map((student, i) => (
            <Row
              // biome-ignore lint/suspicious/noArrayIndexKey: a student is its place, and keeps no state of its own
              key={i}
              n={i}
              student={student}
              form={form}
              losses={losses}
              classes={classes}
              onOpen={() => setOpen(i)}
              onChange={(field, value) => onChange(below(below("/students", i), field), value)}
              onCopy={() => {
                const copy = { ...structuredClone(student), name: freeName(student.name, students) };
                put([...students.slice(0, i + 1), copy, ...students.slice(i + 1)]);
              }}
              onRemove={() => put(students.filter((_, j) => j !== i))}
            />
          ))}
        </ul>
      )}
      <AddStudent
        classes={classes}
        side={side}
        said={said}
        first={students.length === 0}
        onAdd={(name) => put([...students, newStudent(root, name, students)])}
      />
      {open !== null && opened && (
        <StudentDialog
          pointer={below("/students", open)}
          student={opened}
          form={form}
          losses={losses}
          classes={classes}
          onChange={(to) => put(students.map((one, i) => (i === open ? to : one)))}
          onClose={() => setOpen(null)}
        />
      )}
    </Card>
  );
}

interface RowProps {
  n: number;
  student: StudentForm;
  form: RecipeForm;
  losses: readonly Loss[];
  classes: number;
  onOpen: () => void;
  onChange: (field: keyof StudentForm & string, value: unknown) => void;
  onCopy: () => void;
  onRemove: () => void;
}

function Row({ n, student, form, losses, classes, onOpen, onChange, onCopy, onRemove }: RowProps) {
  const { wrong } = useForm();
  const pointer = below("/students", n);
  const network = useQuery(architectureQuery(student.architecture, classes)).data;
  const wrongs = wrongWithin(wrong, pointer);
  const bare = short(network?.name ?? student.architecture);
  const called = student.name || `student ${n + 1}`;
  return (
    <li className="student-row" data-wrong={wrongs.length > 0 ? "" : undefined}>
      <div className="student-name">
        <span className="square" style={{ background: seriesColor(n) }} aria-hidden />
        <span className="stack name-lines">
          <button
            type="button"
            className="as-link strong wrap"
            id={`${idOf(pointer)}-open`}
            aria-describedby={wrongs.length > 0 ? `${idOf(pointer)}-said` : undefined}
            onClick={onOpen}
          >
            <Breakable name={called} />
          </button>
          <span className="small soft">
            {student.name.startsWith(bare) ? (network?.library ?? "") : bare}
            {form.control && form.teacher !== null && <span className="control-mark"> + control</span>}
          </span>
        </span>
      </div>
      <StartSelect
        student={student}
        form={form}
        network={network}
        label={`${called}: starts from`}
        onChange={onChange}
      />
      <span className="soft small student-loss">
        <span className="row-head">loss </span>
        {lossOf(student, form, losses)}
      </span>
      <SeedsBox student={student} label={`${called}: seeds`} onChange={(seeds) => onChange("seeds", seeds)} />
      <span className="number">
        {network ? parameters(network.parameters) : "–"}
        <span className="row-head small soft"> parameters</span>
      </span>
      <span className="student-actions">
        <button type="button" className="button bare icon" aria-label={`Edit ${called}`} title="Edit" onClick={onOpen}>
          <Pencil size={14} aria-hidden />
        </button>
        <button
          type="button"
          className="button bare icon"
          aria-label={`Duplicate ${called}`}
          title="Duplicate"
          onClick={onCopy}
        >
          <Copy size={14} aria-hidden />
        </button>
        <button
          type="button"
          className="button bare icon"
          aria-label={`Remove ${called}`}
          title="Remove"
          onClick={onRemove}
        >
          <X size={14} aria-hidden />
        </button>
      </span>
      {wrongs.length > 0 && (
        <p className="small bad wrap student-wrong" id={`${idOf(pointer)}-said`}>
          {wrongs
            .map(([at, said]) => {
              const place = spelled(at.slice(pointer.length));
              return place ? `${place}: ${said}` : said;
            })
            .join(" ")}
        </p>
      )}
    </li>
  );
}

/** "DIST, lr 0.01": what this student learns by, and what it changes of the optimizer. */
function lossOf(student: StudentForm, form: RecipeForm, losses: readonly Loss[]): string {
  const titled = (kind: unknown) =>
    (losses.find((one) => one.kind === kind)?.schema as JsonSchema | undefined)?.title ?? String(kind);
  const own = form.teacher === null ? "labels only" : student.loss ? titled(student.loss.kind) : "as below";
  const changes = Object.entries(isFields(student.optimizer) ? student.optimizer : {})
    .filter(([, value]) => value !== null)
    .map(([name, value]) => (name === "kind" ? String(value) : `${name.replaceAll("_", " ")} ${String(value)}`));
  const size = student.image_size === null ? [] : [`${String(student.image_size)} px`];
  return [own, ...changes, ...size].join(", ");
}

/** How many; the list itself is in the student's dialog. */
function SeedsBox({
  student,
  label,
  onChange,
}: {
  student: StudentForm;
  label: string;
  onChange: (seeds: number[] | null) => void;
}) {
  const many = seedsOf(student);
  const counted =
    student.seeds === null || (Array.isArray(student.seeds) && student.seeds.every((one, i) => one === i));
  return (
    <span className="seeds-box">
      <input
        type="number"
        className="input quiet"
        aria-label={label}
        min={1}
        max={64}
        value={many}
        title={counted ? undefined : `Seeds ${String(student.seeds)}`}
        onChange={(event) => {
          const wanted = Math.min(64, Math.max(1, Math.round(Number(event.target.value)) || 1));
          onChange(wanted === 1 ? null : Array.from({ length: wanted }, (_, i) => i));
        }}
      />
      <span className="row-head small soft"> {many === 1 ? "seed" : "seeds"}</span>
    </span>
  );
}
