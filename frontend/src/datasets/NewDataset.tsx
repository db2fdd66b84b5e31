import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, take } from "@/api/client";
import { Ask } from "@/uploads/Ask";
import { Choice } from "@/uploads/Choice";
import { Field } from "@/uploads/Field";
import { limitsQuery } from "@/uploads/limits";
import { Options } from "@/uploads/Options";
import { isPlaced, saidAt } from "@/uploads/problems";
import { complaint, type Option, optionsOf, schemasQuery, sourceSchema, withOptions } from "@/uploads/schema";
import { UploadBox } from "@/uploads/UploadBox";
import { useUpload } from "@/uploads/useUpload";
import { useWish } from "@/uploads/useWish";
import { Already } from "./Already";
import { DatasetOutcome } from "./DatasetOutcome";
import { KnownSets } from "./KnownSets";
import { datasetKeys } from "./queries";

const ENDINGS = ".zip,.tar,.gz,.tgz,.xz,.txz,.zst";
const FIRST = ["/source/val_fraction", "/source/test_fraction"];
type Way = "upload" | "builtin" | "folder";

interface Props {
  /** As soon as it is registered; it is then still to be read. */
  onCreated: (id: string) => void;
  onCancel?: () => void;
  /** Opened by another form, which takes what is made. */
  within?: boolean;
}

/**
 * Brings images: an archive from here, a set that the service knows, or a folder of the server.
 * A form of its own: not to be put inside another one.
 */
export function NewDataset({ onCreated, onCancel, within }: Props) {
  const [created, setCreated] = useState<string | null>(null);
  if (created) {
    return <DatasetOutcome id={created} onAnother={() => setCreated(null)} onCancel={onCancel} within={within} />;
  }
  return (
    <Form
      onCancel={onCancel}
      onCreated={(id) => {
        setCreated(id);
        onCreated(id);
      }}
    />
  );
}

function Form({ onCreated, onCancel }: { onCreated: (id: string) => void; onCancel: (() => void) | undefined }) {
  const client = useQueryClient();
  const [way, setWay] = useState<Way>("upload");
  const [typed, setTyped] = useState<string | null>(null);
  const [known, setKnown] = useState("");
  const [folder, setFolder] = useState("");
  const [values, setValues] = useState<Record<string, string>>({});
  const sending = useUpload("dataset");
  const limits = useQuery(limitsQuery).data;
  const schemas = useQuery(schemasQuery).data;
  const options = schemas
    ? optionsOf(schemas, sourceSchema(schemas, "DatasetCreate", way), "/source", ["upload", "path", "name"])
    : [];
  const suggested = { upload: bare(sending.file?.name ?? ""), builtin: known, folder: bare(folder) }[way];
  const name = (typed ?? suggested).trim();
  const source = { upload: { upload: sending.state?.upload?.id }, builtin: { name: known }, folder: { path: folder } }[
    way
  ];

  const wish = useWish({
    sending: way === "upload" ? sending : null,
    send: () => {
      const body = withOptions({ name, source: { kind: way, ...source } }, options, values);
      return take(api.POST("/v1/datasets", { body: body as never }));
    },
    onMade: ({ id }) => {
      void client.invalidateQueries({ queryKey: datasetKeys.all });
      if (way === "upload") sending.clear();
      onCreated(id);
    },
  });
  const sound = options.every((option) => !complaint(option, values[option.pointer] ?? ""));
  const given = { upload: true, builtin: known !== "", folder: folder.trim() !== "" }[way];
  const ways: { key: Way; name: string }[] = [
    { key: "upload", name: "An archive" },
    { key: "builtin", name: "A known set" },
    ...(limits?.folder_datasets ? [{ key: "folder" as const, name: "A folder of the server" }] : []),
  ];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation(); // it may stand beside another form's own
    wish.ask();
  };
  const own = ["/name", way === "upload" ? "/source/upload" : way === "builtin" ? "/source/name" : "/source/path"];
  const fields = (shown: readonly Option[]) => (
    <Options
      options={shown}
      values={values}
      error={wish.error}
      onChange={(pointer, text) => setValues((before) => ({ ...before, [pointer]: text }))}
    />
  );
  const first = options.filter((option) => FIRST.includes(option.pointer));
  const more = options.filter((option) => !FIRST.includes(option.pointer));
  return (
    <form className="stack" aria-label="New data set" onSubmit={submit}>
      <Choice label="Where the images are" choices={ways} value={way} onChange={setWay} />
      {way === "upload" && (
        <div className="stack tight">
          <UploadBox
            purpose="dataset"
            sending={sending}
            invitation="Drop an archive of images here, or choose it"
            accepted="zip, tar, tar.gz, tar.xz, tar.zst · a folder for each class, with or without train, val and test above"
            endings={ENDINGS}
          />
          <Already upload={sending.state?.upload ?? null} onUse={onCreated} />
          <Said text={saidAt(wish.error, "/source/upload")} />
        </div>
      )}
      {way === "builtin" && (
        <KnownSets value={known} onChange={setKnown} problem={saidAt(wish.error, "/source/name")} />
      )}
      {way === "folder" && (
        <Field
          label="Folder"
          hint="An absolute path on the server, below one of the folders that its operator allows."
          problem={saidAt(wish.error, "/source/path")}
        >
          {(attributes) => (
            <input
              {...attributes}
              className="input mono"
              placeholder="/data/images"
              autoComplete="off"
              value={folder}
              onChange={(event) => setFolder(event.target.value)}
            />
          )}
        </Field>
      )}
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
      {first.length > 0 && fields(first)}
      {more.length > 0 && (
        <details className="more">
          <summary>More options</summary>
          {fields(more)}
        </details>
      )}
      <Ask
        word="Add data set"
        wish={wish}
        complete={name !== "" && given && sound}
        placed={isPlaced(wish.error, [...own, ...options.map((option) => option.pointer)])}
        onCancel={onCancel}
      />
    </form>
  );
}

const Said = ({ text }: { text: string }) =>
  text ? (
    <p className="small bad" role="alert">
      {text}
    </p>
  ) : null;

/** /data/photos.tar.gz -> photos */
const bare = (path: string) =>
  (path.replace(/\/+$/, "").split("/").pop() ?? "").replace(/(\.tar)?\.[a-z0-9]{2,4}$/i, "");
