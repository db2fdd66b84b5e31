import { useQuery } from "@tanstack/react-query";
import { CheckCircle2, FileUp, Pause, Play, X } from "lucide-react";
import { type DragEvent, useId, useState } from "react";
import { ApiError, api, take } from "@/api/client";
import { bytes, duration } from "@/format";
import { Progress } from "@/ui/Progress";
import { unfit } from "./limits";
import { isActive, type Purpose, type UploadState } from "./uploader";
import type { Sending } from "./useUpload";

interface Props {
  purpose: Purpose;
  sending: Sending;
  /** What a click on it says, what is accepted, and the names' endings. */
  invitation: string;
  accepted: string;
  endings: string;
}

/** Where a file is dropped or chosen; then, how far it is. */
export function UploadBox({ purpose, sending, invitation, accepted, endings }: Props) {
  const { file, state } = sending;
  return file && state ? (
    <Underway sending={sending} file={file} state={state} />
  ) : (
    <DropZone {...{ purpose, sending, invitation, accepted, endings }} />
  );
}

function DropZone({ purpose, sending, invitation, accepted, endings }: Props) {
  const [over, setOver] = useState(false);
  const [wrong, setWrong] = useState("");
  const id = useId();
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (!file) return;
    const problem = unfit(file);
    setWrong(problem);
    if (!problem) sending.choose(file);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  return (
    <div className="stack tight">
      <label
        className={`drop ${over ? "over" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <input
          type="file"
          className="unseen"
          accept={endings}
          aria-describedby={id}
          onChange={(event) => {
            take(event.target.files);
            event.target.value = ""; // the same file may be chosen again
          }}
        />
        <FileUp size={20} aria-hidden />
        <strong>{invitation}</strong>
        <span id={id} className="small soft">
          {accepted}
        </span>
      </label>
      {wrong && (
        <p className="small bad" role="alert">
          {wrong}
        </p>
      )}
      <Begun purpose={purpose} />
    </div>
  );
}

/** What an earlier visit left half-way: its bytes are still there. */
function Begun({ purpose }: { purpose: Purpose }) {
  const query = useQuery({
    queryKey: ["uploads", "open", purpose] as const,
    queryFn: ({ signal }) =>
      take(api.GET("/v1/uploads", { params: { query: { status: "open", purpose, limit: 3 } }, signal })),
  });
  const begun = query.data?.data.filter((one) => one.parts.length > 0) ?? [];
  return begun.map((one) => (
    <p key={one.id} className="small soft wrap">
      <b>{one.filename}</b> has come{" "}
      {share(
        one.parts.reduce((sum, part) => sum + part.bytes, 0),
        one.bytes,
      )}{" "}
      of its way before. Choose the same file again and it goes on from there.
    </p>
  ));
}

function Underway({ sending, file, state }: { sending: Sending; file: File; state: UploadState }) {
  const { phase } = state;
  const done = phase === "checking" ? state.checked : state.sent;
  return (
    <section className="underway" aria-label={`Upload of ${file.name}`} data-phase={phase}>
      <div className="spread">
        <span className="row nowrap clip">
          {phase === "complete" && <CheckCircle2 size={16} className="good" aria-hidden />}
          <strong className="clip" title={file.name} dir="auto">
            {file.name}
          </strong>
          <span className="soft nowrap">{bytes(file.size)}</span>
        </span>
        <Buttons sending={sending} state={state} />
      </div>
      <Progress
        percent={phase === "complete" ? 100 : (100 * done) / file.size}
        label={`${file.name}: ${phase === "checking" ? "checked" : "sent"}`}
        color={COLOR[phase]}
      />
      <p className={`small ${phase === "failed" ? "bad" : "soft"}`} role="status">
        {said(state, file)}
      </p>
    </section>
  );
}

const COLOR: Record<UploadState["phase"], string> = {
  checking: "var(--control)",
  sending: "var(--accent)",
  finishing: "var(--accent)",
  waiting: "var(--warn)",
  paused: "var(--control)",
  complete: "var(--good)",
  failed: "var(--bad)",
};

const share = (part: number, whole: number) => `${Math.floor((100 * part) / whole)}\u202f%`;

function said(state: UploadState, file: File): string {
  const { phase, known, rate, left, error } = state;
  switch (phase) {
    case "checking":
      return `Checking what it is · ${share(state.checked, file.size)}`;
    case "sending":
      return [
        known === "some" ? "Going on where it stopped" : "Sending",
        `${bytes(state.sent)} of ${bytes(file.size)}`,
        rate ? `${bytes(rate)}/s` : null,
        rate && left !== null ? `${duration(left)} left` : null,
      ]
        .filter(Boolean)
        .join(" · ");
    case "waiting":
      return `Waiting for the service at ${share(state.sent, file.size)}: ${reason(error)} It goes on by itself.`;
    case "paused":
      return `Paused at ${share(state.sent, file.size)}. What has arrived is kept.`;
    case "finishing":
      return "All of it is there; the service puts it together.";
    case "complete":
      return known === "all" ? "The service had these very bytes already." : "Arrived, and proved by its hash.";
    case "failed":
      return error?.message || "The upload failed.";
  }
}

const reason = (error: Error | null) =>
  error instanceof ApiError && error.status > 0 ? error.message : "it does not answer.";

function Buttons({ sending, state }: { sending: Sending; state: UploadState }) {
  const running = isActive(state);
  return (
    <span className="row">
      {running && (
        <button type="button" className="button small" onClick={sending.pause}>
          <Pause size={14} aria-hidden /> Pause
        </button>
      )}
      {state.phase === "paused" && (
        <button type="button" className="button small" onClick={sending.resume}>
          <Play size={14} aria-hidden /> Go on
        </button>
      )}
      {state.phase === "failed" && (
        <button type="button" className="button small" onClick={sending.resume}>
          Try again
        </button>
      )}
      {state.phase === "complete" || state.phase === "failed" ? (
        <button type="button" className="button small" onClick={sending.clear}>
          Another file
        </button>
      ) : (
        <button type="button" className="button small" onClick={sending.cancel}>
          <X size={14} aria-hidden /> Cancel
        </button>
      )}
    </span>
  );
}
