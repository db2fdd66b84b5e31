import { Trash2 } from "lucide-react";
import { useState } from "react";
import { AskName, type Deed } from "@/ui/AskName";

interface Props {
  what: string;
  name: string;
  /** What goes with it. */
  consequence: string;
  remove: Deed & { reset: () => void };
  onGone: () => void;
}

/** A button that asks for the name before something goes for good. */
export function Delete({ what, name, consequence, remove, onGone }: Props) {
  const [asking, setAsking] = useState(false);
  const close = () => {
    setAsking(false);
    remove.reset();
  };
  return (
    <>
      <button type="button" className="button danger" onClick={() => setAsking(true)}>
        <Trash2 size={14} aria-hidden />
        Delete
      </button>
      {asking && (
        <AskName
          title={`Delete this ${what}?`}
          name={name}
          word="delete"
          verb="Delete for good"
          deed={remove}
          onDone={onGone}
          onClose={close}
        >
          {consequence}
        </AskName>
      )}
    </>
  );
}
