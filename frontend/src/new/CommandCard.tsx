import { type KeyboardEvent, useId, useState } from "react";
import { Card } from "@/ui/Card";
import { CopyButton } from "@/ui/Copy";
import type { Fields } from "./schema";
import { curlOf, pythonOf, yamlOf } from "./snippets";

const WAYS = {
  curl: { of: curlOf, how: "A shell with DISTILLERY_URL and DISTILLERY_API_KEY set; curl 7.82 or newer." },
  Python: { of: pythonOf, how: "With Distillery installed, and DISTILLERY_URL and DISTILLERY_API_KEY set." },
  YAML: { of: yamlOf, how: "Save it as job.yaml, then: distillery submit job.yaml --watch" },
} as const;
type Way = keyof typeof WAYS;
const NAMES = Object.keys(WAYS) as Way[];

/** The very job of the form for a shell, a program, a file: only what differs from the defaults. */
export function CommandCard({ wish }: { wish: Fields }) {
  const [way, setWay] = useState<Way>("curl");
  const id = useId();
  const text = WAYS[way].of(wish);
  const press = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = NAMES[(NAMES.indexOf(way) + by + NAMES.length) % NAMES.length];
    if (!by || !next) return;
    event.preventDefault();
    setWay(next);
    document.getElementById(`${id}-${next}`)?.focus();
  };
  return (
    <Card title="The same as a command" className="command-card">
      <div className="stack">
        <div className="ways">
          <div className="row" role="tablist" aria-label="How it is written" onKeyDown={press}>
            {NAMES.map((name) => (
              <button
                key={name}
                type="button"
                role="tab"
                id={`${id}-${name}`}
                className="button small"
                aria-selected={name === way}
                aria-controls={`${id}-text`}
                tabIndex={name === way ? 0 : -1}
                onClick={() => setWay(name)}
              >
                {name}
              </button>
            ))}
          </div>
          <CopyButton text={text} label={`Copy as ${way}`} />
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <pre id={`${id}-text`} className="snippet" role="tabpanel" aria-labelledby={`${id}-${way}`} tabIndex={0}>
          {text}
        </pre>
        <p className="small soft">{WAYS[way].how}</p>
      </div>
    </Card>
  );
}
