import { Check, Copy as CopyIcon } from "lucide-react";
import { useEffect, useState } from "react";

/** Puts a text on the clipboard. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = window.setTimeout(() => setDone(false), 1500);
    return () => window.clearTimeout(timer);
  }, [done]);
  return (
    <button
      type="button"
      className="button small"
      aria-label={done ? "Copied" : label}
      onClick={() => void navigator.clipboard?.writeText(text).then(() => setDone(true))}
    >
      {done ? <Check size={14} aria-hidden /> : <CopyIcon size={14} aria-hidden />}
      {done ? "Copied" : "Copy"}
    </button>
  );
}

export function Command({ text }: { text: string }) {
  return (
    <div className="command">
      <code>{text}</code>
      <CopyButton text={text} label="Copy the command" />
    </div>
  );
}

/** A hash: its first characters, the whole on hover and for copying. */
export function Hash({ value }: { value: string | null | undefined }) {
  return value ? (
    <span className="hash" title={value}>
      {value.slice(0, 12)}…
    </span>
  ) : (
    <span className="soft">–</span>
  );
}
