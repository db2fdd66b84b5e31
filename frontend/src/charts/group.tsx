import { createContext, type ReactNode, useContext, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { type ChartSettings, PLAIN } from "./settings";

/** What the charts of a page share: the step under the cursor, and how they are looked at. */
export interface Shared extends ChartSettings {
  step: number | null;
}

class Group {
  private state: Shared;
  private readonly listeners = new Set<() => void>();
  private timer: number | undefined;
  told: ((settings: ChartSettings) => void) | undefined;

  constructor(settings: ChartSettings) {
    this.state = { step: null, ...settings };
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };
  readonly get = () => this.state;
  readonly set = (change: Partial<Shared>) => {
    this.put(change);
    if (!this.told || Object.keys(change).every((key) => key === "step")) return;
    // A slider moves many times a second; a browser refuses to write that many addresses.
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.timer = undefined;
      const { step, ...settings } = this.state;
      this.told?.(settings);
    }, GATHER);
  };
  /** What the address says, unless there is news that it has not heard yet. */
  readonly follow = (settings: ChartSettings) => {
    if (this.timer === undefined) this.put(settings);
  };

  private put(change: Partial<Shared>) {
    const next = { ...this.state, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.state)) return;
    this.state = next;
    for (const listener of this.listeners) listener();
  }
}

const GATHER = 150;
const Context = createContext(new Group(PLAIN));

interface Props {
  /** Where the settings are kept outside of the group, as in the address; without it they live as long as the group. */
  settings?: ChartSettings;
  onSettings?: (settings: ChartSettings) => void;
  children: ReactNode;
}

/** Charts inside show the same step at once, and are looked at in the same way. */
export function ChartGroup({ settings, onSettings, children }: Props) {
  const [group] = useState(() => new Group(settings ?? PLAIN));
  const latest = useRef(onSettings);
  latest.current = onSettings;
  useEffect(() => {
    group.told = (next) => latest.current?.(next);
    return () => {
      group.told = undefined;
    };
  }, [group]);
  const said = settings && JSON.stringify(settings);
  useEffect(() => {
    if (said) group.follow(JSON.parse(said));
  }, [group, said]);
  return <Context value={group}>{children}</Context>;
}

export function useChartGroup(): [Shared, (change: Partial<Shared>) => void] {
  const group = useContext(Context);
  return [useSyncExternalStore(group.subscribe, group.get), group.set];
}

/** How charts are looked at, without where the cursor stands: this does not change with every movement. */
export function useChartSettings(): [ChartSettings, (change: Partial<ChartSettings>) => void] {
  const group = useContext(Context);
  const known = useRef<ChartSettings>(PLAIN);
  const get = () => {
    const { step, ...settings } = group.get();
    if (JSON.stringify(settings) !== JSON.stringify(known.current)) known.current = settings;
    return known.current;
  };
  return [useSyncExternalStore(group.subscribe, get), group.set];
}
