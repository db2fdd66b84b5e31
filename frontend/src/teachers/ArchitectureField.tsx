import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactNode, useState } from "react";
import { api, take } from "@/api/client";
import { parameters } from "@/format";
import { Field } from "@/uploads/Field";

interface Props {
  label: string;
  hint: ReactNode;
  problem?: string;
  placeholder: string;
  /** A canonical name, or what is typed so far. */
  value: string;
  onChange: (name: string) => void;
  library?: "torchvision" | "timm" | "cifar";
  /** What parameters are counted with. */
  classes?: number | undefined;
}

const SHOWN = 30;

/** A network of the catalog, found while typing. */
export function ArchitectureField({ label, hint, problem, placeholder, value, onChange, library, classes }: Props) {
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const found =
    useQuery({
      queryKey: ["architectures", library, classes, value, SHOWN] as const,
      queryFn: ({ signal }) => {
        const query = { q: value, limit: SHOWN, ...(library ? { library } : {}), ...(classes ? { classes } : {}) };
        return take(api.GET("/v1/architectures", { params: { query }, signal }));
      },
      enabled: open,
      placeholderData: keepPreviousData,
      staleTime: 60_000,
    }).data?.data ?? [];
  const choose = (name: string) => {
    onChange(name);
    setOpen(false);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Escape" && open) {
      event.stopPropagation();
      event.preventDefault();
      setOpen(false);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) setOpen(true);
      else setAt((at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      const one = found[at];
      if (one) choose(one.name);
    }
  };
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(attributes) => (
        <div className="combobox">
          <input
            {...attributes}
            className="input"
            role="combobox"
            aria-expanded={open}
            aria-controls={`${attributes.id}-list`}
            aria-activedescendant={open && found[at] ? `${attributes.id}-${at}` : undefined}
            aria-autocomplete="list"
            autoComplete="off"
            spellCheck={false}
            placeholder={placeholder}
            value={value}
            onFocus={() => setOpen(true)}
            onBlur={() => setOpen(false)}
            onKeyDown={key}
            onChange={(event) => {
              setAt(0);
              setOpen(true);
              onChange(event.target.value);
            }}
          />
          {/* Always there, so that what controls it is; a click must not take the focus away first. */}
          <div
            id={`${attributes.id}-list`}
            role="listbox"
            tabIndex={-1}
            aria-label={label}
            hidden={!open || found.length === 0}
            onMouseDown={(event) => event.preventDefault()}
          >
            {found.map((one, i) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's own
              <div
                key={one.name}
                id={`${attributes.id}-${i}`}
                role="option"
                tabIndex={-1}
                aria-selected={i === at}
                onClick={() => choose(one.name)}
              >
                <span className="clip">{one.name}</span>
                <span className="soft small nowrap">{parameters(one.parameters)}</span>
              </div>
            ))}
          </div>
        </div>
      )}
    </Field>
  );
}
