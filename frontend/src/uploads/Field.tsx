import { type ReactNode, useId } from "react";

interface Props {
  label: string;
  hint?: ReactNode;
  problem?: string | undefined;
  children: (attributes: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ReactNode;
}

/** A name, a control, what it is for; and what is wrong with it, right there. */
export function Field({ label, hint, problem, children }: Props) {
  const id = useId();
  return (
    <div className="field labelled">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": `${id}-said`, "aria-invalid": !!problem })}
      <p id={`${id}-said`} className={`small ${problem ? "bad" : "soft"}`} aria-live="polite">
        {problem || hint}
      </p>
    </div>
  );
}
