import { useState } from "react";
import type { Attributes } from "./Labelled";

interface Props extends Partial<Attributes> {
  value: unknown;
  /** Between what is typed and what it means. */
  read: (text: string) => unknown;
  write: (value: unknown) => string;
  onChange: (value: unknown) => void;
  numeric?: boolean;
  placeholder?: string;
  className?: string;
  "aria-label"?: string;
}

/** What is typed stays as it is typed ("0." on the way to 0.5), until the value changes from elsewhere. */
export function TextBox({ value, read, write, onChange, numeric, placeholder, className = "", ...rest }: Props) {
  const [text, setText] = useState(() => write(value));
  const shown = JSON.stringify(read(text)) === JSON.stringify(value) ? text : write(value);
  return (
    <input
      {...rest}
      className={`input ${className}`}
      inputMode={numeric ? "decimal" : "text"}
      placeholder={placeholder}
      autoComplete="off"
      spellCheck={false}
      value={shown}
      onChange={(event) => {
        setText(event.target.value);
        onChange(read(event.target.value));
      }}
    />
  );
}

/** A number; text that is none stays text, so that what is wrong with it can be said. */
export function readNumber(text: string, empty: unknown = ""): unknown {
  const trimmed = text.trim();
  if (trimmed === "") return empty;
  const value = Number(trimmed.replace(/^([-+]?\d*),(\d+)$/, "$1.$2").replace("\u2212", "-"));
  return Number.isFinite(value) ? value : trimmed;
}

export const writePlain = (value: unknown): string => (value == null ? "" : String(value));

export const readNumbers =
  (empty: unknown) =>
  (text: string): unknown => {
    const parts = text
      .replace(/^\s*\[|\]\s*$/g, "") // as JSON writes a list, and so do the service's own hints
      .split(/[\s,;]+/)
      .filter(Boolean);
    return parts.length === 0 ? empty : parts.map((part) => readNumber(part));
  };

export const writeList = (value: unknown): string => (Array.isArray(value) ? value.join(", ") : writePlain(value));
