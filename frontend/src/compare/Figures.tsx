import type { ReactNode } from "react";
import { seriesColor } from "@/charts/color";
import { short } from "@/format";
import type { Student } from "@/students/queries";
import { Card } from "@/ui/Card";
import { Choice } from "@/uploads/Choice";
import type { Candidate } from "./candidates";
import { type Figure, figuresOf } from "./figures";
import type { CompareSearch } from "./search";

interface Props {
  candidates: readonly Candidate[];
  students: ReadonlyMap<string, readonly Student[]>;
  search: CompareSearch;
  onChange: (search: CompareSearch) => void;
}

const AT = [
  { key: "last", name: "last epoch" },
  { key: "best", name: "best epoch" },
] as const;

/** What came out of each, side by side; the best of a row is marked where the row can be compared. */
export function Figures({ candidates, students, search: { at, ...search }, onChange }: Props) {
  const figures = figuresOf(candidates, students, at === "best");
  return (
    <Card
      title="What came out?"
      aside={
        <Choice
          label="Accuracy at"
          choices={AT}
          value={at ?? "last"}
          onChange={(key) => onChange(key === "best" ? { ...search, at: "best" } : search)}
        />
      }
      flush
    >
      <Columns label="What came out of each" candidates={candidates}>
        <tr>
          <th scope="row">best student</th>
          {candidates.map(({ job, standing }) => (
            <td key={job.id} className="wrap">
              {standing ? (
                <span className="stack none">
                  <span className="clip" title={standing.group.name} dir="auto">
                    {standing.group.name}
                  </span>
                  <span className="small soft">
                    {short(standing.group.architecture)}, {standing.group.loss}
                  </span>
                </span>
              ) : (
                "–"
              )}
            </td>
          ))}
        </tr>
        {figures.map((figure) => (
          <FigureRow key={figure.name} figure={figure} candidates={candidates} />
        ))}
      </Columns>
      {at === "best" && (
        <p className="small soft note">
          The best epoch was chosen on the validation part that it is measured on: it flatters a little.
        </p>
      )}
    </Card>
  );
}

function FigureRow({ figure, candidates }: { figure: Figure; candidates: readonly Candidate[] }) {
  const best = figure.best;
  return (
    <tr>
      <th scope="row">
        {figure.name}
        {figure.note && <span className="small soft"> {figure.note}</span>}
      </th>
      {candidates.map(({ job }, i) => (
        <td key={job.id} className={best === i ? "winner" : undefined}>
          {figure.cells[i]?.text ?? "–"}
          {figure.cells[i]?.aside && <span className="small soft"> {figure.cells[i]?.aside}</span>}
          {best === i && <span className="unseen"> (best)</span>}
        </td>
      ))}
    </tr>
  );
}

interface ColumnsProps {
  label: string;
  candidates: readonly Candidate[];
  children: ReactNode;
}

/** A table with a column for each job; the names of the rows stay while it scrolls sideways. */
export function Columns({ label, candidates, children }: ColumnsProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="table-scroll" tabIndex={0} aria-label={label}>
      <table className="table side-by-side">
        <thead>
          <tr>
            <td />
            {candidates.map(({ job, hue, name }) => (
              <th scope="col" key={job.id}>
                <span className="row nowrap">
                  <span className="swatch" style={{ background: seriesColor(hue) }} aria-hidden />
                  <span className="clip" title={name} dir="auto">
                    {name}
                  </span>
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
