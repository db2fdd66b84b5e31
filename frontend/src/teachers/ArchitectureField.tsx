import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api, take } from "@/api/client";
import { parameters } from "@/format";
import { Combobox, type Option } from "@/new/Combobox";
import { Field } from "@/uploads/Field";

interface Props {
  label: string;
  hint: ReactNode;
  problem?: string;
  /** What stands for no choice. */
  placeholder: string;
  /** A canonical name; empty where none is chosen. */
  value: string;
  onChange: (name: string) => void;
  library?: "torchvision" | "timm" | "cifar";
  /** What parameters are counted with. */
  classes?: number;
  /** Whether no choice can be chosen again. */
  optional?: boolean;
}

const SHOWN = 50;

/** A network of the catalog, found while typing. */
export function ArchitectureField(props: Props) {
  const { label, hint, problem, placeholder, value, onChange, library, classes, optional = false } = props;
  const [q, setQ] = useState("");
  const { data } = useQuery({
    queryKey: ["architectures", library, classes, q, SHOWN] as const,
    queryFn: ({ signal }) => {
      const query = { q, limit: SHOWN, ...(library ? { library } : {}), ...(classes ? { classes } : {}) };
      return take(api.GET("/v1/architectures", { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  const found: Option[] = (data?.data ?? []).map((one) => ({
    id: one.name,
    text: one.name,
    content: (
      <span className="spread">
        <span className="wrap">{one.name}</span>
        <span className="small soft nowrap">{parameters(one.parameters)}</span>
      </span>
    ),
  }));
  const none: Option[] = optional && !q ? [{ id: "", text: placeholder, content: placeholder }] : [];
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(attributes) => (
        <Combobox
          {...attributes}
          label={label}
          options={[...none, ...found]}
          chosen={value ? { text: value } : null}
          placeholder={placeholder}
          onSearch={setQ}
          onChoose={onChange}
          note={
            data && found.length === 0
              ? `No network's name holds “${q}”.`
              : data?.has_more
                ? "Type to see others."
                : null
          }
        />
      )}
    </Field>
  );
}
