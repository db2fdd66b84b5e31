import { useId, useState } from "react";
import { Combobox, type Option } from "@/new/Combobox";

interface Props {
  what: string;
  known: readonly { id: string; name: string }[];
  value: string | undefined;
  onChoose: (id: string | undefined) => void;
}

const ANY = "any";

/** Narrows a list to one of the parts that things are made of, or to any. */
export function PartFilter({ what, known, value, onChoose }: Props) {
  const [text, setText] = useState("");
  const id = useId();
  const any: Option = { id: ANY, text: "", content: <span className="soft">Any {what}</span> };
  const found = known
    .filter((one) => one.name.toLowerCase().includes(text.toLowerCase()))
    .map((one) => ({ id: one.id, text: one.name, content: <span className="clip">{one.name}</span> }));
  const chosen = value === undefined ? null : { text: known.find((one) => one.id === value)?.name ?? value };
  return (
    <div className="part-filter" data-chosen={value !== undefined}>
      <label className="unseen" htmlFor={id}>
        Filter by {what}
      </label>
      <Combobox
        id={id}
        label={`${what}s`}
        options={text ? found : [any, ...found]}
        chosen={chosen}
        placeholder={`Any ${what}`}
        onSearch={setText}
        onChoose={(one) => onChoose(one === ANY ? undefined : one)}
      />
    </div>
  );
}
