import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { count, parameters } from "@/format";
import { Combobox } from "./Combobox";
import { Labelled } from "./Labelled";
import { type Architecture, architecturesQuery } from "./queries";

interface Props {
  classes: number;
  side: number | null;
  said: string | undefined;
  first: boolean;
  onAdd: (architecture: string) => void;
}

const SIZES = [
  ["", "any size"],
  ["500000", "up to 0.5 M"],
  ["2000000", "up to 2 M"],
  ["10000000", "up to 10 M"],
  ["50000000", "up to 50 M"],
] as const;
const LIBRARIES = [
  ["", "any library"],
  ["cifar", "cifar"],
  ["torchvision", "torchvision"],
  ["timm", "timm"],
] as const;

/** Finds a network in the catalog while one types; the small ones first. */
export function AddStudent({ classes, side, said, first, onAdd }: Props) {
  const [typed, setTyped] = useState("");
  const [q, setQ] = useState("");
  const [library, setLibrary] = useState("");
  const [size, setSize] = useState("");
  useEffect(() => {
    const timer = window.setTimeout(() => setQ(typed.trim()), 180);
    return () => window.clearTimeout(timer);
  }, [typed]);
  const query = useQuery(architecturesQuery({ q, library, max_parameters: Number(size) || null, classes }));
  const found = query.data?.data ?? [];
  const note = query.isError
    ? "The catalog does not answer. Try again."
    : found.length === 0 && query.data
      ? "No network matches. Try another part of its name, or another library or size."
      : query.data?.has_more
        ? `The ${count(found.length)} smallest are shown: type a part of the name for others.`
        : undefined;
  return (
    <div className="add-student">
      <Labelled
        pointer="/students"
        label="Add a student"
        wrong={said}
        help={
          first
            ? "Any network of the catalog. Several learn in one pass from the same teacher and the same images."
            : undefined
        }
      >
        {(attributes) => (
          <Combobox
            {...attributes}
            label="Networks"
            chosen={null}
            placeholder="Search networks, such as resnet18"
            options={found.map((one) => ({
              id: one.name,
              text: one.name,
              disabled: tooSmall(side, one),
              content: <Network network={one} side={side} />,
            }))}
            onSearch={setTyped}
            onChoose={onAdd}
            note={note}
          />
        )}
      </Labelled>
      <select
        className="input"
        aria-label="Library of the networks"
        value={library}
        onChange={(event) => setLibrary(event.target.value)}
      >
        {LIBRARIES.map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
      <select
        className="input"
        aria-label="Size of the networks"
        value={size}
        onChange={(event) => setSize(event.target.value)}
      >
        {SIZES.map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A network that takes one size alone gets its images resized; any other sees them as they are. */
const tooSmall = (side: number | null, network: Architecture): boolean =>
  side !== null && !network.fixed_size && side < network.min_image_size;

function Network({ network, side }: { network: Architecture; side: number | null }) {
  const small = tooSmall(side, network);
  const figures = [
    parameters(network.parameters),
    network.multiply_adds ? `${parameters(network.multiply_adds)} mult-adds` : null,
    network.image_size ? `${network.image_size} px` : null,
  ];
  return (
    <>
      <span className="clip" title={network.description}>
        <span className="strong">{network.short}</span> <span className="small soft">{network.library}</span>
        {network.weights && network.weights.length > 0 && <span className="small soft"> · published weights</span>}
      </span>
      <span className="small soft nowrap">
        {small ? `needs images of ${network.min_image_size} px` : figures.filter(Boolean).join(" · ")}
      </span>
    </>
  );
}
