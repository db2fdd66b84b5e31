import { Trash2 } from "lucide-react";
import { useState } from "react";
import { Dialog } from "@/ui/Dialog";
import { Failure } from "@/ui/faces";

interface Props {
  what: string;
  name: string;
  /** What goes with it. */
  consequence: string;
  remove: {
    mutate: (nothing: undefined, then: { onSuccess: () => void }) => void;
    isPending: boolean;
    error: unknown;
    reset: () => void;
  };
  onGone: () => void;
}

const LONG = 40;

/** Asks for the name before something goes for good; a name too long to type is replaced by one word. */
export function Delete({ what, name, consequence, remove, onGone }: Props) {
  const [asking, setAsking] = useState(false);
  const [typed, setTyped] = useState("");
  const short = name.trim().length <= LONG;
  const asked = short ? name.trim() : "delete";
  const close = () => {
    setAsking(false);
    setTyped("");
    remove.reset();
  };
  return (
    <>
      <button type="button" className="button danger" onClick={() => setAsking(true)}>
        <Trash2 size={14} aria-hidden />
        Delete
      </button>
      {asking && (
        <Dialog title={`Delete this ${what}?`} onClose={close}>
          <p>{consequence}</p>
          <label className="field">
            <span className="wrap">
              {short ? "Type its name: " : "To be sure, type "}
              <b>{asked}</b>
            </span>
            <input
              className="input"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              autoComplete="off"
            />
          </label>
          {remove.error ? <Failure error={remove.error} /> : null}
          <div className="row">
            <button type="button" className="button" onClick={close}>
              Keep it
            </button>
            <button
              type="button"
              className="button danger"
              disabled={typed.trim() !== asked || remove.isPending}
              onClick={() => remove.mutate(undefined, { onSuccess: onGone })}
            >
              Delete for good
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
