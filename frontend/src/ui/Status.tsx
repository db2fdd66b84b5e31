const LOOK: Record<string, string> = {
  running: "running",
  training: "running",
  validating: "running",
  pausing: "paused",
  paused: "paused",
  cancelling: "paused",
  silent: "paused",
  succeeded: "succeeded",
  trained: "succeeded",
  ready: "succeeded",
  online: "succeeded",
  delivered: "succeeded",
  failed: "failed",
  crashed: "failed",
  rejected: "failed",
};

/** A dot, a word and a colour. */
export function Status({ value }: { value: string }) {
  return <span className={`status ${LOOK[value] ?? ""}`}>{value}</span>;
}
