import { useQuery } from "@tanstack/react-query";
import { FileUp } from "lucide-react";
import { type DragEvent, type ReactNode, useState } from "react";
import { NewDataset } from "@/datasets/NewDataset";
import type { Dataset } from "@/datasets/queries";
import { count, parameters, percent, plural } from "@/format";
import { whatItIs } from "@/teachers/kinds";
import { NewTeacher } from "@/teachers/NewTeacher";
import type { Teacher } from "@/teachers/queries";
import { Dialog } from "@/ui/Dialog";
import { Status } from "@/ui/Status";
import { unfit } from "@/uploads/limits";
import { useUpload } from "@/uploads/useUpload";
import { Combobox, type Option } from "./Combobox";
import { useForm } from "./context";
import { Digits } from "./Digits";
import { Faces } from "./Faces";
import { Labelled } from "./Labelled";
import { datasetsToChooseQuery, teachersToChooseQuery } from "./queries";

interface Props {
  teacher: string | null;
  dataset: string;
  known: { teacher: Teacher | undefined; dataset: Dataset | undefined };
  onTeacher: (id: string | null) => void;
  onDataset: (id: string) => void;
}

const NONE = "none";

/** Who teaches, and on which images. */
export function PartsCard({ teacher, dataset, known, onTeacher, onDataset }: Props) {
  return (
    <section className="card parts" aria-label="Teacher and data set">
      <TeacherPart value={teacher} known={known.teacher} dataset={known.dataset} onChange={onTeacher} />
      <DatasetPart value={dataset} known={known.dataset} onChange={onDataset} />
    </section>
  );
}

function TeacherPart({
  value,
  known,
  dataset,
  onChange,
}: {
  value: string | null;
  known: Teacher | undefined;
  dataset: Dataset | undefined;
  onChange: (id: string | null) => void;
}) {
  const { wrong } = useForm();
  const [q, setQ] = useState("");
  const { data } = useQuery(teachersToChooseQuery(q));
  const found = data?.data ?? [];
  const options: Option[] = [
    ...(q ? [] : [{ id: NONE, text: "no teacher", content: <NoTeacher /> }]),
    ...found.map((one) => ({
      id: one.id,
      text: one.name,
      disabled: one.status === "rejected",
      content: <Line name={one.name} status={one.status} figures={figuresOf(one)} />,
    })),
  ];
  const classes = fitting(known, dataset);
  const chosen = value === null ? { text: "no teacher" } : known ? { text: known.name, aside: asideOf(known) } : null;
  return (
    <Part purpose="teacher" word="a checkpoint" {...(dataset ? { dataset: dataset.id } : {})} onCreated={onChange}>
      {(drop) => (
        <Labelled pointer="/teacher" label="Teacher" wrong={wrong.get("/teacher") ?? classes.wrong} help={drop}>
          {(attributes) => (
            <Combobox
              {...attributes}
              label="Teachers"
              options={options}
              chosen={chosen}
              placeholder="Choose a teacher, or none"
              onSearch={setQ}
              onChoose={(id) => onChange(id === NONE ? null : id)}
              note={noteOf(data?.has_more, q && found.length === 0 ? `No teacher's name holds “${q}”.` : "")}
            />
          )}
        </Labelled>
      )}
    </Part>
  );
}

function DatasetPart({
  value,
  known,
  onChange,
}: {
  value: string;
  known: Dataset | undefined;
  onChange: (id: string) => void;
}) {
  const { wrong } = useForm();
  const [q, setQ] = useState("");
  const { data } = useQuery(datasetsToChooseQuery(q));
  const found = data?.data ?? [];
  const options: Option[] = found.map((one) => ({
    id: one.id,
    text: one.name,
    disabled: one.status === "rejected",
    content: <Line name={one.name} status={one.status} figures={imagesOf(one)} />,
  }));
  const empty = data && !q && found.length === 0;
  return (
    <Part purpose="dataset" word="an archive of images" onCreated={onChange}>
      {(drop) => (
        <>
          <Labelled pointer="/dataset" label="Data set" wrong={wrong.get("/dataset")} help={drop}>
            {(attributes) => (
              <Combobox
                {...attributes}
                label="Data sets"
                options={options}
                chosen={known ? { text: known.name, aside: asideOfData(known) } : null}
                placeholder={empty ? "None is here yet" : "Choose the images"}
                onSearch={setQ}
                onChoose={onChange}
                note={noteOf(data?.has_more, q && found.length === 0 ? `No data set's name holds “${q}”.` : "")}
              />
            )}
          </Labelled>
          {value && known?.status === "ready" && <Faces dataset={value} />}
          {empty && !value && <Digits onCreated={onChange} />}
        </>
      )}
    </Part>
  );
}

/** A place for a choice that takes a dropped file as well, and the way to the form that registers one. */
function Part({
  purpose,
  word,
  dataset,
  onCreated,
  children,
}: {
  purpose: "teacher" | "dataset";
  word: string;
  dataset?: string;
  onCreated: (id: string) => void;
  children: (drop: ReactNode) => ReactNode;
}) {
  const sending = useUpload(purpose);
  const [open, setOpen] = useState(false);
  const [over, setOver] = useState(false);
  const [wrong, setWrong] = useState("");
  const close = () => setOpen(false);
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (!file) return;
    setWrong(unfit(file));
    if (unfit(file)) return;
    sending.choose(file);
    setOpen(true);
  };
  const link = (
    <button type="button" className="drop-link" onClick={() => setOpen(true)}>
      <FileUp size={14} aria-hidden />
      {sending.file ? `${sending.file.name} is on its way` : `or drop ${word} here`}
    </button>
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a drop is one more way; the button inside does the same
    <div
      className={`part ${over ? "over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
    >
      {children(wrong ? <span className="bad">{wrong}</span> : link)}
      {open && (
        <Dialog title={purpose === "teacher" ? "New teacher" : "New data set"} onClose={close} wide>
          {purpose === "teacher" ? (
            <NewTeacher within onCreated={onCreated} onCancel={close} {...(dataset ? { dataset } : {})} />
          ) : (
            <NewDataset within onCreated={onCreated} onCancel={close} />
          )}
        </Dialog>
      )}
    </div>
  );
}

const Line = ({ name, status, figures }: { name: string; status: string; figures: string }) => (
  <>
    <span className="clip strong" title={name} dir="auto">
      {name}
    </span>
    <span className="small soft nowrap">{status === "ready" ? figures : <Status value={status} />}</span>
  </>
);

const NoTeacher = () => (
  <>
    <span className="strong">no teacher</span>
    <span className="small soft">the labels alone</span>
  </>
);

const figuresOf = (one: Teacher): string =>
  [
    one.parameters == null ? whatItIs(one) : parameters(one.parameters),
    one.classes ? plural(one.classes, "class", "classes") : null,
    one.top1 == null ? null : percent(one.top1),
  ]
    .filter(Boolean)
    .join(" · ");

const asideOf = (one: Teacher): ReactNode =>
  one.status === "ready" ? (
    [one.parameters == null ? null : parameters(one.parameters), whatItIs(one)].filter(Boolean).join(" · ")
  ) : (
    <Status value={one.status} />
  );

const total = (one: Dataset): number => Object.values(one.counts ?? {}).reduce((sum, n) => sum + n, 0);

const imagesOf = (one: Dataset): string =>
  `${count(total(one))} images · ${plural(one.classes?.length ?? 0, "class", "classes")}`;

const asideOfData = (one: Dataset): ReactNode =>
  one.status === "ready" ? `${count(total(one))} images` : <Status value={one.status} />;

const noteOf = (more: boolean | undefined, none: string): ReactNode =>
  none || (more ? "There are more: type a part of the name." : undefined);

/** Whether the teacher can teach on these images, as far as the page knows. */
export function fitting(teacher: Teacher | undefined, dataset: Dataset | undefined): { wrong?: string } {
  if (teacher?.bound && dataset && teacher.dataset !== dataset.id) {
    return { wrong: "Its logits are of the images of another data set." };
  }
  const images = dataset?.classes?.length;
  if (!teacher?.classes || !images || teacher.classes === images) return {};
  return { wrong: `It knows ${plural(teacher.classes, "class", "classes")}; the data set has ${images}.` };
}
