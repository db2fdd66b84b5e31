import { type ReactNode, useId } from "react";

interface Attributes {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface Props {
  label: string;
  hint?: ReactNode;
  problem?: string | undefined;
  children: (attributes: Attributes) => ReactNode;
}

/** A name, a control, what it is for; and what is wrong with it, right there. */
export function Field({ label, hint, problem, children }: Props) {
  const id = useId();
  const said = problem || hint ? `${id}-said` : undefined;
  return (
    <div className="field labelled">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": said, "aria-invalid": problem ? true : undefined })}
      {said && (
        <p id={said} className={`small wrap ${problem ? "bad" : "soft"}`}>
          {problem || hint}
        </p>
      )}
    </div>
  );
}
