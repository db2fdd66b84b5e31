import type { QueryClient } from "@tanstack/react-query";
import { type Again, againAfter, type Changed, Statuses } from "./changed";
import { Gatherer } from "./gatherer";
import { Line } from "./line";

/** Between the answers of a page and the first `hello`: by then each of them counts as old, and is asked once more. */
const SETTLE = 1_100;
/** How often everything that is seen is asked again while the stream is down. */
const NET = 10_000;
/** A tab that was hidden for so long gives its connection to those that are seen: a browser has six to spare. */
const HIDDEN = 30_000;

export type Ending = { change: Changed; before: string | undefined };

/** What one tab hears of the service, and the questions that it asks again for it. */
export class Tab {
  readonly line = new Line();
  /** Jobs that a page follows event by event: their own answer is kept by that page. */
  readonly followed = new Set<string>();
  /** Whether the tab shall go on listening while it is hidden. */
  keeper: () => boolean = () => false;

  private readonly statuses = new Statuses();
  private readonly gatherer: Gatherer;
  private readonly watchers = new Set<(news: Ending) => void>();
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(private readonly client: QueryClient) {
    this.gatherer = new Gatherer((again) => this.ask(again));
  }

  /** Calls back for each job that was seen to change its status. */
  readonly onMove = (watcher: (news: Ending) => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  /** Listens until the returned function is called. */
  start(): () => void {
    const over = new AbortController();
    const { signal } = over;
    const deaf = this.line.hear((heard) => {
      if (heard.type === "changed") this.changed(heard.change);
      else this.after(SETTLE, () => void this.everything());
    });
    document.addEventListener("visibilitychange", () => this.seen(), { signal });
    window.addEventListener("online", () => this.line.hurry(), { signal });
    const net = setInterval(() => {
      const { state } = this.line.connection();
      if (state !== "live" && !document.hidden) void this.everything();
    }, NET);
    this.line.open();
    return () => {
      over.abort();
      deaf();
      clearInterval(net);
      for (const timer of this.timers) clearTimeout(timer);
      this.timers.clear();
      this.gatherer.stop();
      this.line.close();
    };
  }

  private changed(change: Changed): void {
    const { before, moved } = this.statuses.moved(change);
    const again = againAfter(change, moved).filter(
      ({ key }) => !(key.length === 2 && this.followed.has(String(key[1]))),
    );
    this.gatherer.add(again);
    if (moved) for (const watcher of this.watchers) watcher({ change, before });
  }

  private seen(): void {
    this.gatherer.rest(document.hidden);
    if (!document.hidden) this.line.open();
    else {
      this.after(HIDDEN, () => {
        if (document.hidden && !this.keeper()) this.line.rest();
      });
    }
  }

  private after(milliseconds: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, milliseconds);
    this.timers.add(timer);
  }

  private ask(again: readonly Again[]): Promise<unknown> {
    return Promise.all(
      again.map(({ key, exact = false }) =>
        this.client.invalidateQueries({
          queryKey: key,
          exact,
          // What never grows old by itself (samples, curves, a log) is kept fresh by those who show it.
          predicate: (query) => !everlasting(query),
        }),
      ),
    );
  }

  /** Everything on screen that may be old by now. */
  private everything(): Promise<unknown> {
    return this.client.invalidateQueries({ predicate: (query) => query.isActive() && query.isStale() });
  }
}

const everlasting = (query: { observers: readonly { options: { staleTime?: unknown } }[] }): boolean =>
  query.observers.some(({ options }) => options.staleTime === Number.POSITIVE_INFINITY);
