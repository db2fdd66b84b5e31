import { useId } from "react";

interface Props<Key extends string> {
  label: string;
  choices: readonly { key: Key; name: string }[];
  value: Key;
  onChange: (key: Key) => void;
}

/** One of a few ways, side by side: radio buttons that look like one control. */
export function Choice<Key extends string>({ label, choices, value, onChange }: Props<Key>) {
  const name = useId();
  return (
    <fieldset className="choice">
      <legend className="unseen">{label}</legend>
      {choices.map((choice) => (
        <label key={choice.key}>
          <input
            type="radio"
            name={name}
            value={choice.key}
            checked={choice.key === value}
            onChange={() => onChange(choice.key)}
          />
          <span>{choice.name}</span>
        </label>
      ))}
    </fieldset>
  );
}
