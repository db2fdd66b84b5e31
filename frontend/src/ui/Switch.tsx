import { useId } from "react";

interface Props {
  label: string;
  note?: string;
  on: boolean;
  disabled?: boolean;
  onChange: (on: boolean) => void;
}

/** On or off, at once. */
export function Switch({ label, note, on, disabled = false, onChange }: Props) {
  const id = useId();
  return (
    <div className="on-or-off">
      <label className="switch-line strong">
        <input
          type="checkbox"
          className="switch"
          role="switch"
          checked={on}
          aria-checked={on}
          disabled={disabled}
          aria-describedby={note ? id : undefined}
          onChange={(event) => onChange(event.target.checked)}
        />
        {label}
      </label>
      {note && (
        <p id={id} className="small soft">
          {note}
        </p>
      )}
    </div>
  );
}
