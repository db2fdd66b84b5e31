import type { ReactNode } from "react";
import { useId } from "react";
import { useForm, wrongWithin } from "./context";

interface Props {
  title: string;
  /** What it says while it is closed. */
  line: string;
  /** Places of the recipe that lie inside. */
  pointers: readonly string[];
  open: boolean;
  onOpen: (open: boolean) => void;
  children: ReactNode;
}

/** A card that is a sentence until one wants to change it. */
export function Folded({ title, line, pointers, open, onOpen, children }: Props) {
  const { wrong } = useForm();
  const id = useId();
  const wrongs = pointers.flatMap((pointer) => wrongWithin(wrong, pointer));
  return (
    <section className="card folded" aria-labelledby={id}>
      <div className="folded-head">
        <h2 id={id}>{title}</h2>
        <p className={`wrap ${open ? "unseen" : "soft"}`}>{line}</p>
        {!open && wrongs.length > 0 && (
          <span className="small bad" data-wrong="">
            {wrongs.length === 1 ? wrongs[0]?.[1] : `${wrongs.length} things to put right`}
          </span>
        )}
        <button
          type="button"
          className="button"
          aria-expanded={open}
          aria-label={open ? `Close ${title.toLowerCase()}` : `Change ${title.toLowerCase()}`}
          onClick={() => onOpen(!open)}
        >
          {open ? "Close" : "Change"}
        </button>
      </div>
      {open && <div className="folded-body">{children}</div>}
    </section>
  );
}
