import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, take } from "@/api/client";
import { plural, short } from "@/format";
import { Ask } from "@/uploads/Ask";
import { Choice } from "@/uploads/Choice";
import { Field } from "@/uploads/Field";
import { Options } from "@/uploads/Options";
import { isPlaced, saidAt } from "@/uploads/problems";
import { complaint, optionsOf, schemasQuery, withOptions } from "@/uploads/schema";
import { UploadBox } from "@/uploads/UploadBox";
import { useUpload } from "@/uploads/useUpload";
import { useWish } from "@/uploads/useWish";
import { ArchitectureField } from "./ArchitectureField";
import { isComplete, Members, membersOf, type Weights } from "./Members";
import { type Published, PublishedWeights } from "./PublishedWeights";
import { readyDatasetsQuery, teacherKeys, trainedStudentsQuery } from "./queries";
import { StudentField } from "./StudentField";
import { TeacherOutcome } from "./TeacherOutcome";

const ENDINGS = ".pt,.pth,.bin,.ckpt,.safetensors,.onnx,.parquet,.tar";
const OWN = ["name", "source", "architecture", "dataset"];
type Way = "upload" | "pretrained" | "student" | "ensemble";
const WAYS: readonly { key: Way; name: string }[] = [
  { key: "upload", name: "A file" },
  { key: "pretrained", name: "Published weights" },
  { key: "student", name: "A trained student" },
  { key: "ensemble", name: "Several teachers" },
];

interface Props {
  /** As soon as it is registered; it is then still to be read. */
  onCreated: (id: string) => void;
  onCancel?: () => void;
  /** The data set that it is to be measured on, where that is clear already. */
  dataset?: string;
  /** The student that it is to be made of. */
  student?: string;
  /** Opened by another form, which takes what is made. */
  within?: boolean;
}

/**
 * Brings a teacher: a file from here, weights that a library publishes, a student trained by the service, or several
 * teachers that are there already.
 * A form of its own: not to be put inside another one.
 */
export function NewTeacher({ onCreated, onCancel, dataset, student, within }: Props) {
  const [created, setCreated] = useState<string | null>(null);
  if (created) {
    return <TeacherOutcome id={created} onAnother={() => setCreated(null)} onCancel={onCancel} within={within} />;
  }
  return (
    <Form
      {...{ onCancel, dataset, student }}
      onCreated={(id) => {
        setCreated(id);
        onCreated(id);
      }}
    />
  );
}

type FormProps = {
  [K in keyof Required<Omit<Props, "within">>]: K extends "onCreated" ? Props[K] : Props[K] | undefined;
};

function Form({ onCreated, onCancel, dataset, student }: FormProps) {
  const client = useQueryClient();
  const [way, setWay] = useState<Way>(student ? "student" : "upload");
  const [typed, setTyped] = useState<string | null>(null);
  const [architecture, setArchitecture] = useState("");
  const [measured, setMeasured] = useState(dataset ?? "");
  const [from, setFrom] = useState(student ?? "");
  const [published, setPublished] = useState<Published>({ architecture: "", weights: "" });
  const [weights, setWeights] = useState<Weights>({});
  const [values, setValues] = useState<Record<string, string>>({});
  const sending = useUpload("teacher");
  const datasets = useQuery(readyDatasetsQuery).data?.data ?? [];
  const students = useQuery(trainedStudentsQuery).data?.data ?? [];
  const schemas = useQuery(schemasQuery).data;
  const options = schemas && way !== "ensemble" ? optionsOf(schemas, schemas.TeacherCreate ?? {}, "", OWN) : [];
  const suggested = {
    upload: (sending.file?.name ?? "").replace(/\.(safetensors|ckpt|bin|onnx|parquet|pth?)(\.tar)?$/i, ""),
    pretrained: short(published.architecture || "").replace("–", ""),
    student: students.find((one) => one.id === from)?.label ?? "",
    ensemble: Object.keys(weights).length > 1 ? `mean of ${Object.keys(weights).length}` : "",
  }[way];
  const name = (typed ?? suggested).trim();

  const wish = useWish({
    sending: way === "upload" ? sending : null,
    send: () => {
      const [library, ...rest] = published.architecture.split("/");
      const source = {
        upload: { upload: sending.state?.upload?.id },
        pretrained: { library, name: rest.join("/"), ...(published.weights ? { weights: published.weights } : {}) },
        student: { student: from },
        ensemble: { members: membersOf(weights) },
      }[way];
      const body = {
        name,
        source: { kind: way, ...source },
        ...(way === "upload" && architecture.trim() ? { architecture: architecture.trim() } : {}),
        ...(measured ? { dataset: measured } : {}),
      };
      return take(api.POST("/v1/teachers", { body: withOptions(body, options, values) as never }));
    },
    onMade: ({ id }) => {
      void client.invalidateQueries({ queryKey: teacherKeys.all });
      if (way === "upload") sending.clear();
      onCreated(id);
    },
  });
  const given = {
    upload: true,
    pretrained: published.architecture.includes("/"),
    student: from !== "",
    ensemble: isComplete(weights),
  }[way];
  const sound = options.every((option) => !complaint(option, values[option.pointer] ?? ""));
  const own = [
    "/name",
    "/dataset",
    { upload: "/source/upload", pretrained: "/source", student: "/source/student", ensemble: "/source" }[way],
  ];
  if (way === "upload") own.push("/architecture");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation(); // it may stand beside another form's own
    wish.ask();
  };
  const fileProblem = saidAt(wish.error, "/source/upload");
  return (
    <form className="stack" aria-label="New teacher" onSubmit={submit}>
      <Choice label="Where the teacher comes from" choices={WAYS} value={way} onChange={setWay} />
      {way === "upload" && (
        <>
          <UploadBox
            purpose="teacher"
            sending={sending}
            invitation="Drop a checkpoint, an ONNX model or a table of logits here, or choose it"
            accepted=".safetensors, .pt, .pth, .bin, .ckpt, .onnx, .parquet · no code in it is ever run"
            endings={ENDINGS}
          />
          {fileProblem && (
            <p className="small bad" role="alert">
              {fileProblem}
            </p>
          )}
        </>
      )}
      {way === "pretrained" && (
        <PublishedWeights value={published} onChange={setPublished} problem={saidAt(wish.error, "/source")} />
      )}
      {way === "student" && (
        <StudentField
          students={students}
          value={from}
          onChange={setFrom}
          problem={saidAt(wish.error, "/source/student")}
        />
      )}
      {way === "ensemble" && (
        <Members weights={weights} onChange={setWeights} problem={saidAt(wish.error, "/source")} />
      )}
      <div className="options">
        <Field label="Name" problem={saidAt(wish.error, "/name")}>
          {(attributes) => (
            <input
              {...attributes}
              className="input"
              maxLength={200}
              autoComplete="off"
              placeholder="As people will know it"
              value={typed ?? suggested}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        {way === "upload" && (
          <ArchitectureField
            label="Architecture"
            hint="Of a checkpoint; found by the names and shapes of its tensors where nothing is said."
            problem={saidAt(wish.error, "/architecture")}
            placeholder="found by itself"
            optional
            value={architecture}
            onChange={setArchitecture}
          />
        )}
        <Field
          label="Measure it on"
          hint="Checks that its classes fit, and tells its top-1 before any training. A table of logits needs it."
          problem={saidAt(wish.error, "/dataset")}
        >
          {(attributes) => (
            <select
              {...attributes}
              className="input"
              value={measured}
              onChange={(event) => setMeasured(event.target.value)}
            >
              <option value="">no data set yet</option>
              {datasets.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}, {plural(one.classes?.length ?? 0, "class", "classes")}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      {options.length > 0 && (
        <details className="more">
          <summary>More options</summary>
          <Options
            options={options}
            values={values}
            error={wish.error}
            onChange={(pointer, text) => setValues((before) => ({ ...before, [pointer]: text }))}
          />
        </details>
      )}
      <Ask
        word="Add teacher"
        wish={wish}
        complete={name !== "" && given && sound}
        placed={isPlaced(wish.error, [...own, ...options.map((option) => option.pointer)])}
        onCancel={onCancel}
      />
    </form>
  );
}
