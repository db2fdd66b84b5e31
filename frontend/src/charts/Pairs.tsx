import { ticks } from "./scale";

export interface Pair {
  key: string;
  name: string;
  /** Two values on the one axis that all rows share; shares from 0 to 1. */
  from: number;
  to: number;
  /** What stands beside them: the difference, as a rule. */
  text: string;
  /** A difference that chance could have made. */
  faint?: boolean;
  title?: string;
}

interface Props {
  label: string;
  rows: readonly Pair[];
  write: (value: number) => string;
  colors: { from: string; to: string };
}

/** Pairs of values on one shared axis, joined by a line. */
export function Pairs({ label, rows, write, colors }: Props) {
  const values = rows.flatMap((row) => [row.from, row.to]);
  const low = Math.max(0, Math.floor(Math.min(...values) * 10 - 0.3) / 10);
  const high = Math.min(1, Math.ceil(Math.max(...values) * 10 + 0.3) / 10);
  const span = high - low || 1;
  const at = (value: number) => `${(100 * (value - low)) / span}%`;
  const marks = ticks(low * 100, high * 100, 5).map((tick) => tick / 100);
  return (
    <figure className="pairs" aria-label={label} data-points={rows.length}>
      <ul>
        {rows.map((row) => (
          <li key={row.key} title={row.title} className={row.faint ? "faint" : undefined}>
            <span className="clip" title={row.name} dir="auto">
              {row.name}
            </span>
            <span className="rail" aria-hidden="true">
              {marks.map((mark) => (
                <span key={mark} className="rule" style={{ left: at(mark) }} />
              ))}
              <span
                className="between"
                style={{
                  left: at(Math.min(row.from, row.to)),
                  right: `calc(100% - ${at(Math.max(row.from, row.to))})`,
                }}
              />
              <span className="end" style={{ left: at(row.from), background: colors.from }} />
              <span className="end" style={{ left: at(row.to), background: colors.to }} />
            </span>
            <span className="n">
              {row.text}
              <span className="unseen">
                : {write(row.to)} and {write(row.from)}
              </span>
            </span>
          </li>
        ))}
      </ul>
      <div className="axis" aria-hidden="true">
        <span className="rail">
          {marks.map((mark) => (
            <span key={mark} className="tick-name" style={{ left: at(mark) }}>
              {Math.round(mark * 100)}
            </span>
          ))}
        </span>
      </div>
    </figure>
  );
}
