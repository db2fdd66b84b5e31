import { root } from "@/api/root";
import type { Changed } from "./changed";

/** How the tab stands to the service, and since when (milliseconds since 1970). */
export interface Connection {
  state: "connecting" | "live" | "reconnecting" | "offline" | "resting";
  since: number;
}

export type Heard = { type: "hello" } | { type: "changed"; change: Changed };

const AGAIN = 2_000;
const AT_MOST = 30_000;

/**
 * The one stream of a tab. The browser comes back by itself after a cut; a stream that was refused is opened anew
 * here, ever more slowly. Whoever listens is told `hello` each time it stands again: what was said meanwhile is not
 * repeated.
 */
export class Line {
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private tries = 0;
  private now: Connection = { state: "connecting", since: Date.now() };
  private readonly watchers = new Set<() => void>();
  private readonly hearers = new Set<(heard: Heard) => void>();

  readonly connection = (): Connection => this.now;

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly hear = (hearer: (heard: Heard) => void): (() => void) => {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  };

  open(): void {
    if (this.source) return;
    clearTimeout(this.timer);
    if (this.now.state === "resting") this.set("connecting");
    const source = new EventSource(`${root}/v1/events`);
    this.source = source;
    source.onerror = () => {
      this.set(navigator.onLine ? "reconnecting" : "offline");
      if (source.readyState !== EventSource.CLOSED) return;
      this.drop();
      this.timer = setTimeout(() => this.open(), Math.min(AT_MOST, AGAIN * 2 ** this.tries++));
    };
    source.addEventListener("hello", () => {
      this.tries = 0;
      this.set("live");
      this.tell({ type: "hello" });
    });
    source.addEventListener("changed", (message) =>
      this.tell({ type: "changed", change: JSON.parse((message as MessageEvent<string>).data) as Changed }),
    );
  }

  /** The network is back, as far as the browser knows: no reason to wait longer. */
  hurry(): void {
    if (this.now.state === "live" || this.now.state === "resting") return;
    this.drop();
    this.open();
  }

  /** Gives the connection back; `open` takes it up again. */
  rest(): void {
    this.drop();
    this.set("resting");
  }

  close(): void {
    this.drop();
  }

  private drop(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private set(state: Connection["state"]): void {
    if (this.now.state === state) return;
    // Offline or refused, it is the same loss: it began when it began.
    const lost = (one: Connection["state"]) => one === "reconnecting" || one === "offline";
    const since = lost(this.now.state) && lost(state) ? this.now.since : Date.now();
    this.now = { state, since };
    for (const watcher of this.watchers) watcher();
  }

  private tell(heard: Heard): void {
    for (const hearer of this.hearers) hearer(heard);
  }
}
