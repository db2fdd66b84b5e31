import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "@/api/client";
import { plural } from "@/format";
import { Choice } from "@/uploads/Choice";
import { Field } from "@/uploads/Field";
import { ArchitectureField } from "./ArchitectureField";
import { weightsOf } from "./weights";

export interface Published {
  /** Canonical: library/name. */
  architecture: string;
  /** Which weights; empty for the library's own choice. */
  weights: string;
}

interface Props {
  value: Published;
  onChange: (value: Published) => void;
  problem: string;
}

const LIBRARIES = [
  { key: "torchvision", name: "torchvision" },
  { key: "timm", name: "timm" },
] as const;

/** Weights that a library publishes: the network, and which of its weights. */
export function PublishedWeights({ value, onChange, problem }: Props) {
  const [library, setLibrary] = useState<"torchvision" | "timm">("torchvision");
  const { architecture } = value;
  const query = useQuery({
    queryKey: ["architectures", library, architecture] as const,
    queryFn: ({ signal }) =>
      take(api.GET("/v1/architectures", { params: { query: { q: architecture, library, limit: 100 } }, signal })),
    enabled: architecture.startsWith(`${library}/`),
    staleTime: 60_000,
  });
  const chosen = query.data?.data.find((one) => one.name === architecture);
  const weights = chosen ? weightsOf(chosen) : [];
  return (
    <div className="stack">
      <Choice
        label="Library"
        choices={LIBRARIES}
        value={library}
        onChange={(key) => {
          setLibrary(key);
          onChange({ architecture: "", weights: "" });
        }}
      />
      <div className="options">
        <ArchitectureField
          label="Network"
          hint={chosen?.description ?? "Type a part of its name."}
          problem={problem}
          placeholder="resnet50"
          library={library}
          classes={1000}
          value={architecture}
          onChange={(name) => onChange({ architecture: name, weights: "" })}
        />
        <Field
          label="Weights"
          hint={weights.length ? `${plural(weights.length, "set")} published` : "the library's own choice"}
        >
          {(attributes) => (
            <select
              {...attributes}
              className="input"
              value={value.weights}
              disabled={weights.length === 0}
              onChange={(event) => onChange({ architecture, weights: event.target.value })}
            >
              <option value="">the library's own choice</option>
              {weights.map((one) => (
                <option key={one.tag} value={one.tag}>
                  {one.tag}, {plural(one.classes, "class", "classes")}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
    </div>
  );
}
