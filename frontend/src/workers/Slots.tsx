import type { Worker } from "./queries";

/** One mark for each slot: filled while it is busy. */
export function Slots({ worker }: { worker: Worker }) {
  const { slots, busy } = worker;
  return (
    <div className="stack tight job-progress">
      {slots <= 16 && (
        <div className="slots" aria-hidden="true">
          {Array.from({ length: slots }, (_, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: slots have no identity
            <span key={i} className={i < busy ? "busy" : ""} />
          ))}
        </div>
      )}
      <span className="small soft">
        {busy} of {slots} busy
      </span>
    </div>
  );
}
