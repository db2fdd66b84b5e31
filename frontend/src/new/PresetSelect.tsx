import type { Preset } from "./queries";

interface Props {
  presets: readonly Preset[];
  chosen: string | null;
  onChoose: (preset: Preset | null) => void;
}

/** A named recipe fills everything but the teacher and the data set; each says what it is. */
export function PresetSelect({ presets, chosen, onChoose }: Props) {
  const preset = presets.find((one) => one.name === chosen);
  return (
    <label className="preset" title={preset?.description}>
      <span className="soft">Preset</span>
      <select
        className="input"
        value={chosen ?? ""}
        onChange={(event) => onChoose(presets.find((one) => one.name === event.target.value) ?? null)}
      >
        <option value="">none</option>
        {presets.map((one) => (
          <option key={one.name} value={one.name}>
            {one.name.replaceAll("_", " ")}
          </option>
        ))}
      </select>
    </label>
  );
}
