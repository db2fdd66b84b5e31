import { useState } from "react";
import { count, plural } from "@/format";
import { Card } from "@/ui/Card";

const SHOWN = 60;

/** What a teacher calls its classes, in the order of its outputs. */
export function ClassNames({ names }: { names: readonly string[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? names.slice(0, 2000) : names.slice(0, SHOWN);
  return (
    <Card title="Its classes" aside={`${plural(names.length, "name")}, in the order of its outputs`}>
      <ol className="names">
        {shown.map((name, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is what identifies an output
          <li key={i}>
            <span className="soft small">{count(i)}</span>
            <span className="wrap two-lines" title={name} dir="auto">
              {name}
            </span>
          </li>
        ))}
      </ol>
      {names.length > SHOWN && (
        <p className="row names-more">
          <button type="button" className="button small" onClick={() => setAll(!all)}>
            {all ? "Fewer" : `All ${count(Math.min(2000, names.length))}`}
          </button>
          {all && names.length > 2000 && <span className="small soft">of {count(names.length)}</span>}
        </p>
      )}
    </Card>
  );
}
