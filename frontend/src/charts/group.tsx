import { createContext, type ReactNode, useContext, useMemo, useSyncExternalStore } from "react";

/** What the charts of a page share: the step under the cursor, and the range that was zoomed to. */
export interface Shared {
  step: number | null;
  zoom: readonly [number, number] | null;
}

class Group {
  private state: Shared = { step: null, zoom: null };
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };
  readonly get = () => this.state;
  readonly set = (change: Partial<Shared>) => {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  };
}

const Context = createContext(new Group());

/** Charts inside show the same step at once. */
export function ChartGroup({ children }: { children: ReactNode }) {
  const group = useMemo(() => new Group(), []);
  return <Context value={group}>{children}</Context>;
}

export function useChartGroup(): [Shared, (change: Partial<Shared>) => void] {
  const group = useContext(Context);
  return [useSyncExternalStore(group.subscribe, group.get), group.set];
}
