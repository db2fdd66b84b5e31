import { type FormEvent, useState } from "react";
import { day } from "@/format";
import { Dialog } from "@/ui/Dialog";
import { Failure } from "@/ui/faces";
import { Choice } from "@/uploads/Choice";
import { useCreateKey } from "./queries";
import { ShownOnce } from "./ShownOnce";

const DAY = 86_400_000;
const SPANS = [
  { key: "30", name: "30 days" },
  { key: "90", name: "90 days" },
  { key: "365", name: "a year" },
  { key: "never", name: "never" },
] as const;
type Span = (typeof SPANS)[number]["key"];
const SCOPES = [
  { key: "read", name: "read", says: "It looks and downloads, and changes nothing." },
  { key: "submit", name: "submit", says: "It also makes, changes and deletes jobs, data sets and teachers." },
  { key: "admin", name: "admin", says: "It may also make keys, and do everything else in this project." },
] as const;
type Scope = (typeof SCOPES)[number]["key"];

/** Makes a key and shows it, this once. */
export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [span, setSpan] = useState<Span>("90");
  const [scope, setScope] = useState<Scope>("submit");
  const create = useCreateKey();
  const made = create.data;
  if (made) {
    return (
      <ShownOnce title="Copy the key now" secret={made.key} label="Copy the key" onClose={onClose}>
        This is the only time that <b dir="auto">{made.name}</b> is shown: only a hash of it is kept. It{" "}
        {made.expires_at ? `expires on ${day(made.expires_at)}` : "never expires"}.
      </ShownOnce>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const expires_at = span === "never" ? null : new Date(Date.now() + Number(span) * DAY).toISOString();
    create.mutate({ name: name.trim(), scope, expires_at });
  };
  return (
    <Dialog title="New API key" onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <label className="field">
          <span>Name</span>
          <input
            className="input"
            value={name}
            maxLength={200}
            autoComplete="off"
            placeholder="who or what will use it"
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <div className="field">
          <span>Scope</span>
          <Choice label="Scope" choices={SCOPES} value={scope} onChange={setScope} />
          <span className="small soft">{SCOPES.find((one) => one.key === scope)?.says}</span>
        </div>
        <div className="field">
          <span>Expires after</span>
          <Choice label="Expires after" choices={SPANS} value={span} onChange={setSpan} />
        </div>
        {create.isError && <Failure error={create.error} />}
        <div className="row end">
          <button type="button" className="button" onClick={onClose}>
            Leave it
          </button>
          <button type="submit" className="button primary" disabled={name.trim() === "" || create.isPending}>
            Make the key
          </button>
        </div>
      </form>
    </Dialog>
  );
}
