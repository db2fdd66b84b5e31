import type { ReactNode } from "react";
import { idOf } from "./pointer";

export interface Attributes {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean | undefined;
}

interface Props {
  pointer: string;
  label: string;
  help?: ReactNode;
  wrong?: string | undefined;
  /** What holds by default, and the way back to it; nothing where it holds already. */
  reset?: { to: string; onReset: () => void } | null;
  children: (attributes: Attributes) => ReactNode;
}

/** A name, a control, and below it what it is for; or what is wrong with it, which the control then points to. */
export function Labelled({ pointer, label, help, wrong, reset, children }: Props) {
  const id = idOf(pointer);
  const said = `${id}-said`;
  return (
    <div className="asked">
      <div className="asked-head">
        <label htmlFor={id}>{label}</label>
        {reset && (
          <button
            type="button"
            className="reset"
            title={`Back to ${reset.to}`}
            aria-label={`default ${reset.to} for ${label}`}
            onClick={reset.onReset}
          >
            default {reset.to}
          </button>
        )}
      </div>
      {children({ id, "aria-describedby": wrong || help ? said : undefined, "aria-invalid": wrong ? true : undefined })}
      {(wrong || help) && (
        <p id={said} className={`small wrap ${wrong ? "bad" : "soft"}`}>
          {wrong || help}
        </p>
      )}
    </div>
  );
}
