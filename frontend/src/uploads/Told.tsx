import type { ReactNode } from "react";
import { count, plain } from "@/format";

const FEW = 6;

const words = (name: string) => name.replaceAll("_", " ");
const isPlain = (value: unknown) => value === null || ["string", "number", "boolean"].includes(typeof value);

function spelled(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : plain(value);
  return String(value);
}

/** A report as the service tells it, whatever it holds: plain values as facts, lists folded, the rest below. */
export function Told({ report }: { report: Record<string, unknown> }) {
  const entries = Object.entries(report).filter(([, value]) => !isEmpty(value));
  const facts = entries.filter(([, value]) => isShort(value));
  const rest = entries.filter(([, value]) => !isShort(value));
  return (
    <div className="stack">
      {facts.length > 0 && (
        <dl className="facts">
          {facts.map(([name, value]) => (
            <Pair key={name} name={words(name)}>
              {Array.isArray(value) ? value.map(spelled).join(", ") : spelled(value)}
            </Pair>
          ))}
        </dl>
      )}
      {rest.length > 0 && (
        <div className="findings">
          {rest.map(([name, value]) => (
            <details key={name} className="more finding" open={!Array.isArray(value)}>
              <summary>{Array.isArray(value) ? `${words(name)}: ${count(value.length)}` : words(name)}</summary>
              <div className="told">{Array.isArray(value) ? <Items items={value} /> : nested(value)}</div>
            </details>
          ))}
        </div>
      )}
    </div>
  );
}

const isEmpty = (value: unknown) =>
  value === null || (typeof value === "object" && Object.keys(value as object).length === 0);
const isShort = (value: unknown) =>
  isPlain(value) || (Array.isArray(value) && value.length <= FEW && value.every(isTerse));
const isTerse = (value: unknown) => isPlain(value) && String(value).length <= 24;
const nested = (value: unknown) => <Told report={value as Record<string, unknown>} />;

function Pair({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Items({ items }: { items: readonly unknown[] }) {
  const objects = items.filter((item): item is Record<string, unknown> => typeof item === "object" && item !== null);
  if (objects.length < items.length) {
    return (
      <ul className="places small">
        {items.map((item, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries may repeat
          <li key={i}>
            <code className="wrap">{isPlain(item) ? spelled(item) : JSON.stringify(item)}</code>
          </li>
        ))}
      </ul>
    );
  }
  const columns = [...new Set(objects.flatMap(Object.keys))];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="table-scroll places" tabIndex={0} aria-label="Entries">
      <table className="table plain">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {words(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {objects.map((item, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: entries may repeat
            <tr key={i}>
              {columns.map((column) => (
                <td key={column} className="wrap">
                  {isPlain(item[column] ?? null) ? spelled(item[column]) : JSON.stringify(item[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
