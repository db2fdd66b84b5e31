import { useState } from "react";
import { Dialog } from "@/ui/Dialog";
import { Failure } from "@/ui/faces";
import { type ApiKey, useRevokeKey } from "./queries";

interface Props {
  apiKey: ApiKey;
  /** This browser signed in with it. */
  own: boolean;
  onClose: () => void;
}

const LONG = 40;

/** Asks for the name before a key is refused for good; a name too long to type is replaced by one word. */
export function RevokeDialog({ apiKey, own, onClose }: Props) {
  const [typed, setTyped] = useState("");
  const revoke = useRevokeKey(apiKey.id);
  const short = apiKey.name.trim().length <= LONG;
  const asked = short ? apiKey.name.trim() : "revoke";
  return (
    <Dialog title="Revoke this key?" onClose={onClose}>
      <p>
        From now on it is refused, and so is every browser that signed in with it
        {own ? ": this one too, you will have to sign in again with another key" : ""}. This cannot be undone.
      </p>
      <label className="field">
        <span className="wrap">
          {short ? "Type its name: " : "To be sure, type "}
          <b>{asked}</b>
        </span>
        <input className="input" value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} />
      </label>
      {revoke.isError && <Failure error={revoke.error} />}
      <div className="row">
        <button type="button" className="button" onClick={onClose}>
          Keep it
        </button>
        <button
          type="button"
          className="button danger"
          disabled={typed.trim() !== asked || revoke.isPending}
          onClick={() => revoke.mutate(undefined, { onSuccess: onClose })}
        >
          Revoke it
        </button>
      </div>
    </Dialog>
  );
}
