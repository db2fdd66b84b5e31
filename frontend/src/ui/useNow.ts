import { useEffect, useState } from "react";

/** The time, again every so often: for ages that grow on their own. Null: they have stopped growing. */
export function useNow(everyMilliseconds: number | null): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (everyMilliseconds === null) return;
    const timer = window.setInterval(() => setNow(Date.now()), everyMilliseconds);
    return () => window.clearInterval(timer);
  }, [everyMilliseconds]);
  return now;
}
