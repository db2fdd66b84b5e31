import { useState } from "react";
import { valueAt } from "./align";
import { axisTitle, writeX, xAt } from "./axis";
import { type Axis, type Level, type Line, stepsOf } from "./lines";

interface Props {
  title: string;
  lines: readonly Line[];
  levels: readonly Level[];
  axis: Axis;
  write: (value: number) => string;
}

const ROWS = 12;

/** The curves as numbers, for those who cannot see the canvas: a dozen steps, spread evenly, the last among them. */
export function DataTable(props: Props) {
  const [open, setOpen] = useState(false);
  return (
    <details className="more" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Data<span className="unseen"> of “{props.title}” as a table</span>
      </summary>
      {open && <Rows {...props} />}
    </details>
  );
}

function Rows({ title, lines, levels, axis, write }: Props) {
  const steps = stepsOf(lines);
  const rows = Math.min(ROWS, steps.length);
  const shown = Array.from(
    { length: rows },
    (_, i) => steps[Math.round(((i + 1) * steps.length) / rows) - 1] as number,
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="table-scroll" tabIndex={0} aria-label={`${title}, as a table`}>
      <table className="table small">
        <thead>
          <tr>
            <th scope="col">{axisTitle(axis)}</th>
            {lines.map((line) => (
              <th scope="col" className="number" key={line.key}>
                {line.name}
              </th>
            ))}
            {levels.map((level) => (
              <th scope="col" className="number" key={level.name}>
                {level.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((step) => (
            <tr key={step}>
              <td>{writeX(axis, xAt(axis, step))}</td>
              {lines.map((line) => {
                const value = valueAt(line, step);
                return (
                  <td className="number" key={line.key}>
                    {value === null ? "–" : write(value)}
                  </td>
                );
              })}
              {levels.map((level) => (
                <td className="number" key={level.name}>
                  {write(level.value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
