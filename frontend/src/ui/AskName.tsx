import { type ReactNode, useState } from "react";
import { Dialog } from "./Dialog";
import { Failure } from "./faces";

/** What goes through with it: a mutation of nothing. */
export interface Deed {
  mutate: (nothing: undefined, then: { onSuccess: () => void }) => void;
  isPending: boolean;
  error: unknown;
}

interface Props {
  title: string;
  name: string;
  /** Typed in place of a name that is too long to type. */
  word: string;
  /** On the button that does it. */
  verb: string;
  /** What goes with it. */
  children: ReactNode;
  deed: Deed;
  onDone: () => void;
  onClose: () => void;
}

const LONG = 40;

/** Asks for the name before something goes for good. */
export function AskName({ title, name, word, verb, children, deed, onDone, onClose }: Props) {
  const [typed, setTyped] = useState("");
  const short = name.trim().length <= LONG;
  const asked = short ? name.trim() : word;
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{children}</p>
      <label className="field">
        <span className="wrap">
          {short ? "Type its name: " : "To be sure, type "}
          <b>{asked}</b>
        </span>
        <input className="input" value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} />
      </label>
      {deed.error ? <Failure error={deed.error} /> : null}
      <div className="row">
        <button type="button" className="button" onClick={onClose}>
          Keep it
        </button>
        <button
          type="button"
          className="button danger"
          disabled={typed.trim() !== asked || deed.isPending}
          onClick={() => deed.mutate(undefined, { onSuccess: onDone })}
        >
          {verb}
        </button>
      </div>
    </Dialog>
  );
}
