import { useChartSettings } from "./group";
import { type Level, type Line, levelKey, named } from "./lines";

interface Props {
  lines: readonly Line[];
  levels?: readonly Level[];
}

interface Entry {
  key: string;
  name: string;
  color: string;
  look: string;
}

/** The names of what is drawn. Pressing one hides it on every chart of the group, and brings it back. */
export function SeriesKey({ lines, levels = [] }: Props) {
  const [{ hide }, change] = useChartSettings();
  const entries: Entry[] = [
    ...named(lines).map(({ key, name, color, kind }) => ({ key, name, color, look: kind })),
    ...levels.map((level) => ({ key: levelKey(level), name: level.name, color: level.color, look: "level" })),
  ];
  if (entries.length < 2 && hide.length === 0) return null;
  const hidden = entries.filter((entry) => hide.includes(entry.key));
  return (
    <fieldset className="series-key small">
      <legend className="unseen">Shown in the charts</legend>
      {entries.map(({ key, name, color, look }) => {
        const shown = !hide.includes(key);
        return (
          <button
            key={key}
            type="button"
            className="series"
            aria-pressed={shown}
            title={shown ? `Hide ${name}` : `Show ${name}`}
            onClick={() => change({ hide: shown ? [...hide, key] : hide.filter((one) => one !== key) })}
          >
            <span className={`stroke ${look}`} style={{ color }} aria-hidden />
            <span className="clip" dir="auto">
              {name}
            </span>
          </button>
        );
      })}
      {hidden.length > 0 && (
        <button type="button" className="series plain" onClick={() => change({ hide: [] })}>
          Show all series
        </button>
      )}
    </fieldset>
  );
}
