import { type FormEvent, useState } from "react";
import { ApiError } from "@/api/client";
import { Dialog } from "@/ui/Dialog";
import { Failure } from "@/ui/faces";
import { Choice } from "@/uploads/Choice";
import { useCreateWebhook } from "./queries";
import { Secret } from "./Secret";

const ENDS = ["job.succeeded", "job.failed", "job.cancelled"];
const WHICH = [
  { key: "ends", name: "when a job ends" },
  { key: "all", name: "everything" },
] as const;
type Which = (typeof WHICH)[number]["key"];

/** Makes a webhook and shows its secret, this once. */
export function NewWebhookDialog({ onClose }: { onClose: () => void }) {
  const [url, setUrl] = useState("");
  const [name, setName] = useState("");
  const [which, setWhich] = useState<Which>("ends");
  const create = useCreateWebhook();
  if (create.data) {
    return <Secret title="Copy the secret now" secret={create.data.secret} onClose={onClose} />;
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({
      url: url.trim(),
      name: name.trim() || new URL(url).host,
      events: which === "all" ? ["*"] : ENDS,
    });
  };
  const wrong =
    create.error instanceof ApiError ? create.error.places.find((one) => one.pointer === "/url") : undefined;
  return (
    <Dialog title="New webhook" onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <label className="field">
          <span>Address</span>
          <input
            className="input"
            type="url"
            required
            value={url}
            maxLength={2000}
            autoComplete="off"
            placeholder="https://example.com/hook"
            aria-invalid={wrong !== undefined}
            onChange={(event) => setUrl(event.target.value)}
          />
          {wrong && <span className="small bad">{wrong.detail}</span>}
        </label>
        <label className="field">
          <span>Name</span>
          <input
            className="input"
            value={name}
            maxLength={200}
            autoComplete="off"
            placeholder="who listens there"
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <div className="field">
          <span>Is told</span>
          <Choice label="Is told" choices={WHICH} value={which} onChange={setWhich} />
        </div>
        {create.isError && !wrong && <Failure error={create.error} />}
        <div className="row end">
          <button type="button" className="button" onClick={onClose}>
            Leave it
          </button>
          <button type="submit" className="button primary" disabled={!URL.canParse(url) || create.isPending}>
            Make the webhook
          </button>
        </div>
      </form>
    </Dialog>
  );
}
