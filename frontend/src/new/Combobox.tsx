import { ChevronDown } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useState } from "react";
import type { Attributes } from "./Labelled";

export interface Option {
  id: string;
  /** What stands in the box once it is chosen. */
  text: string;
  /** How it looks in the list. */
  content: ReactNode;
  disabled?: boolean;
}

interface Props extends Pick<Attributes, "id">, Partial<Omit<Attributes, "id">> {
  label: string;
  options: readonly Option[];
  /** What is chosen; null where the box only ever offers. */
  chosen: { text: string; aside?: ReactNode } | null;
  placeholder: string;
  onSearch: (text: string) => void;
  onChoose: (id: string) => void;
  /** Below the options: that there are more, or none. */
  note?: ReactNode;
}

/** A box in which one types to search a list, and chooses from it by mouse or keyboard (the combobox of ARIA 1.2). */
export function Combobox({ label, options, chosen, placeholder, onSearch, onChoose, note, ...attributes }: Props) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState<string | null>(null);
  const [at, setAt] = useState(0);
  const listId = useId();
  const current = options[Math.min(at, options.length - 1)];
  const optionId = (one: Option) => `${listId}-${one.id}`;

  useEffect(() => {
    if (open) document.getElementById(listId)?.parentElement?.scrollIntoView({ block: "nearest" });
  }, [open, listId]);
  useEffect(() => {
    if (open && current) document.getElementById(optionId(current))?.scrollIntoView({ block: "nearest" });
  });

  const search = (to: string | null) => {
    setText(to);
    setAt(0);
    onSearch(to ?? "");
  };
  const close = () => {
    setOpen(false);
    if (text !== null) search(null);
  };
  const choose = (one: Option | undefined) => {
    if (!one || one.disabled) return;
    onChoose(one.id);
    close();
  };
  const move = (by: number) => {
    if (!open) setOpen(true);
    else if (options.length > 0) setAt((Math.min(at, options.length - 1) + by + options.length) % options.length);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter" && open) choose(current);
    else if (event.key === "Escape" && open) close();
    else return;
    event.preventDefault();
  };
  return (
    <div className="picker">
      <input
        {...attributes}
        className="input"
        role="combobox"
        aria-expanded={open}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={open && current ? optionId(current) : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder={placeholder}
        value={text ?? chosen?.text ?? ""}
        onChange={(event) => {
          search(event.target.value);
          setOpen(true);
        }}
        onClick={() => setOpen(true)}
        onKeyDown={press}
        onBlur={close}
      />
      {chosen?.aside && text === null && <span className="picker-aside small soft">{chosen.aside}</span>}
      <ChevronDown size={16} className="picker-mark" aria-hidden />
      {/* Focus stays in the box: a press on the list must not take it away. */}
      <div className="picker-list" hidden={!open} onPointerDown={(event) => event.preventDefault()}>
        <div id={listId} role="listbox" aria-label={label}>
          {options.map((one, i) => (
            // biome-ignore lint/a11y/useFocusableInteractive: the box points into the list by aria-activedescendant
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the box
            <div
              key={one.id}
              id={optionId(one)}
              role="option"
              aria-selected={one === current}
              aria-disabled={one.disabled}
              className="picker-option"
              onPointerMove={() => setAt(i)}
              onClick={() => choose(one)}
            >
              {one.content}
            </div>
          ))}
        </div>
        {note && <p className="small soft picker-note">{note}</p>}
      </div>
    </div>
  );
}
