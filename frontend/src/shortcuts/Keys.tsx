import { labels } from "./table";

/** Keys as they are printed: pressed together, or one after the other. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className="keys">
      {labels(keys).map((label) => (
        <kbd key={label}>{label}</kbd>
      ))}
    </span>
  );
}
