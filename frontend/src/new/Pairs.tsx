import { Plus, X } from "lucide-react";
import { useState } from "react";
import { useForm, wrongWithin } from "./context";
import { idOf } from "./pointer";
import { isFields } from "./schema";

interface Props {
  pointer: string;
  label: string;
  help: string | undefined;
  value: unknown;
  onChange: (value: unknown) => void;
}

type Pair = readonly [name: string, text: string];

/** Short texts by name: a line for each. */
export function Pairs({ pointer, label, help, value, onChange }: Props) {
  const { wrong } = useForm();
  const given = Object.entries(isFields(value) ? value : {}).map(([name, text]): Pair => [name, String(text)]);
  const [lines, setLines] = useState<Pair[]>(given);
  // A line without a name, or with another's, is on its way to become one.
  const kept = (all: readonly Pair[]) => Object.fromEntries(all.filter(([name]) => name !== ""));
  const shown = JSON.stringify(kept(lines)) === JSON.stringify(kept(given)) ? lines : given;
  const change = (to: Pair[]) => {
    setLines(to);
    onChange(kept(to));
  };
  const [[, said] = []] = wrongWithin(wrong, pointer);
  return (
    <fieldset className="several" data-wrong={said ? "" : undefined}>
      <legend>{label}</legend>
      <div className="stack tight">
        {shown.map(([name, text], i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
          <div key={i} className="pair">
            <input
              className="input"
              id={i === 0 ? idOf(pointer) : undefined}
              aria-label={`${label}: name ${i + 1}`}
              aria-invalid={said ? true : undefined}
              placeholder="name"
              value={name}
              onChange={(event) => change(shown.map((one, j) => (j === i ? [event.target.value, text] : one)))}
            />
            <input
              className="input"
              aria-label={`${label}: text ${i + 1}`}
              placeholder="text"
              value={text}
              onChange={(event) => change(shown.map((one, j) => (j === i ? [name, event.target.value] : one)))}
            />
            <button
              type="button"
              className="button bare icon"
              aria-label={`Remove label ${i + 1}`}
              onClick={() => change(shown.filter((_, j) => j !== i))}
            >
              <X size={14} aria-hidden />
            </button>
          </div>
        ))}
        <div>
          <button type="button" className="button small" onClick={() => setLines([...shown, ["", ""]])}>
            <Plus size={14} aria-hidden />
            Add a label
          </button>
        </div>
      </div>
      <p className={`small ${said ? "bad" : "soft"}`}>{said ?? help}</p>
    </fieldset>
  );
}
