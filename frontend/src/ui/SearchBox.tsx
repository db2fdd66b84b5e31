import { Search } from "lucide-react";
import { useEffect, useState } from "react";

interface Props {
  label: string;
  placeholder?: string;
  value: string;
  onChange: (text: string) => void;
}

/** Follows the typing after a moment, so that the address and the question do not change with every letter. */
export function SearchBox({ label, placeholder = "Search by name", value, onChange }: Props) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = window.setTimeout(() => onChange(text), 250);
    return () => window.clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <div className="search">
      <Search size={16} aria-hidden />
      <input
        className="input"
        type="search"
        aria-label={label}
        placeholder={placeholder}
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
}
