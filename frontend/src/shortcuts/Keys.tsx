import { Fragment } from "react";
import { labels } from "./table";

/** Keys as they are printed: pressed together, one after the other, or one of them. */
export function Keys({ keys, between }: { keys: string; between?: string }) {
  return (
    <span className="keys">
      {labels(keys).map((label, i) => (
        <Fragment key={label}>
          {i > 0 && between}
          <kbd>{label}</kbd>
        </Fragment>
      ))}
    </span>
  );
}
