import type { ReactNode } from "react";
import { plain } from "@/format";
import type { Fields } from "./schema";

// A setting, also as a power; an index; a word; a letter that stands for a number; anything else.
const TOKENS = /(\^?)\{(\w+)\}|_(\w+)|([A-Za-z']{2,})|(ρ̄|[τpwUL])|./gsu;

const shown = (value: unknown): string => (typeof value === "number" ? plain(value) : "?");

/** The formula of a loss, as the service describes it, with the numbers chosen. Without a formula nothing. */
export function Formula({ formula, loss }: { formula: string | undefined; loss: Fields }) {
  if (!formula) return null;
  const tau = formula.includes("τ") && typeof loss.temperature === "number" ? plain(loss.temperature) : null;
  const said = formula.replace(/\{(\w+)\}/g, (_, field: string) => shown(loss[field]));
  return (
    <div className="formula" role="math" aria-label={`L = ${said}${tau ? `, τ = ${tau}` : ""}`}>
      <span className="term">
        <var>L</var> =
      </span>
      {formula.split(" + ").map((term, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a formula's terms never move
        <span className="term" key={n}>
          {n > 0 && <span className="op">+ </span>}
          {drawn(term, loss)}
        </span>
      ))}
      {tau && (
        <span className="term where">
          <var>τ</var> = <b>{tau}</b>
        </span>
      )}
    </div>
  );
}

function drawn(term: string, loss: Fields): ReactNode[] {
  return [...term.matchAll(TOKENS)].map((match, n) => {
    const [text, power, field, index, , letter] = match;
    const key = `${n}${text}`;
    if (field) return power ? <sup key={key}>{shown(loss[field])}</sup> : <b key={key}>{shown(loss[field])}</b>;
    if (index) return <sub key={key}>{index}</sub>;
    return letter ? <var key={key}>{letter}</var> : text;
  });
}
