import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";

export interface Choice {
  key: string;
  name: ReactNode;
  /** May take a while; the menu stays open when it answers `true`. */
  choose: () => boolean | undefined | Promise<boolean | undefined>;
}

interface Props {
  /** What the button is called. */
  label: string;
  icon: ReactNode;
  items: readonly Choice[];
}

/** A button with a few things to choose from: arrow keys move, Enter chooses, Escape closes. */
export function Choices({ label, icon, items }: Props) {
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    list.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const outside = (event: Event) => {
      if (!frame.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Tab") return setOpen(false);
    if (event.key === "Escape") {
      event.stopPropagation();
      return close();
    }
    const all = [...(list.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all[to % all.length]?.focus();
  };
  return (
    <div className="choices" ref={frame}>
      <button
        ref={button}
        type="button"
        className="button bare icon"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {icon}
      </button>
      {open && (
        <div ref={list} id={id} className="choices-list" role="menu" aria-label={label} onKeyDown={onKeyDown}>
          {items.map(({ key, name, choose }) => (
            <button
              key={key}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={async () => {
                if (!(await choose())) close();
              }}
            >
              {name}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
