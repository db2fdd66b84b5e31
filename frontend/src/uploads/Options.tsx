import { Field } from "./Field";
import { saidAt } from "./problems";
import { complaint, type Option } from "./schema";

interface Props {
  options: readonly Option[];
  values: Record<string, string>;
  onChange: (pointer: string, text: string) => void;
  error: unknown;
}

/** A field for each option that the service describes. */
export function Options({ options, values, onChange, error }: Props) {
  return (
    <div className="options">
      {options.map((option) => {
        const { pointer, label, hint, kind, choices } = option;
        const text = values[pointer] ?? "";
        const change = (to: string) => onChange(pointer, to);
        const fallback = plainly(option.fallback);
        const problem = complaint(option, text) || saidAt(error, pointer);
        return (
          <Field key={pointer} label={label} hint={hint} problem={problem}>
            {(attributes) =>
              kind === "choice" || kind === "switch" ? (
                <select {...attributes} className="input" value={text} onChange={(event) => change(event.target.value)}>
                  <option value="">{fallback || "as it is found"}</option>
                  {(kind === "switch" ? ["true", "false"] : choices)
                    .filter((choice) => choice !== fallback)
                    .map((choice) => (
                      <option key={choice} value={choice}>
                        {choice}
                      </option>
                    ))}
                </select>
              ) : (
                <input
                  {...attributes}
                  className="input"
                  inputMode={kind === "number" ? "decimal" : kind === "integer" ? "numeric" : "text"}
                  placeholder={fallback || (kind === "numbers" ? "0.485, 0.456, 0.406" : "")}
                  autoComplete="off"
                  value={text}
                  onChange={(event) => change(event.target.value)}
                />
              )
            }
          </Field>
        );
      })}
    </div>
  );
}

const plainly = (value: unknown): string =>
  value == null ? "" : Array.isArray(value) ? value.join(", ") : String(value);
