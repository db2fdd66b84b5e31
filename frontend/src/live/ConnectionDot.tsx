import { clock } from "@/format";
import { useConnection } from "./LiveProvider";
import type { Connection } from "./line";

const LOOKS: Record<Connection["state"], string> = {
  connecting: "",
  live: "on",
  reconnecting: "waiting",
  offline: "lost",
  resting: "",
};

/** Whether what is shown is kept fresh; if not, since when. */
export function ConnectionDot() {
  const { state, since } = useConnection();
  return (
    <span className={`live ${LOOKS[state]}`} role="status" data-state={state}>
      {worded(state, since)}
    </span>
  );
}

function worded(state: Connection["state"], since: number): string {
  if (state === "resting") return "resting";
  if (state === "reconnecting" || state === "offline") return `${state} since ${clock(since)}`;
  return state;
}
