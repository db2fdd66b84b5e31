import { useSyncExternalStore } from "react";

export interface Toast {
  id: number;
  text: string;
  /** A failure stays until it is closed; anything else leaves by itself. */
  tone: "plain" | "bad";
  /** What can still be done about it. */
  act?: { word: string; run: () => void };
}

/** Long enough to read and to reach the button; the clock stands still while a pointer or the focus is on it. */
export const STAYS = 10_000;
const MOST = 3;

let shown: readonly Toast[] = [];
let last = 0;
const watchers = new Set<() => void>();

function show(next: readonly Toast[]): void {
  shown = next;
  for (const watcher of watchers) watcher();
}

/** Says something that happened, in the corner of whatever page is open. */
export function toast(text: string, more: { tone?: Toast["tone"]; act?: Toast["act"] } = {}): void {
  const { tone = "plain", act } = more;
  const one: Toast = { id: ++last, text, tone, ...(act ? { act } : {}) };
  // The same said twice is said once.
  show([...shown.filter((other) => other.text !== text), one].slice(-MOST));
}

export function dismiss(id: number): void {
  show(shown.filter((one) => one.id !== id));
}

const watch = (watcher: () => void) => {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
};

export const useToasts = (): readonly Toast[] => useSyncExternalStore(watch, () => shown);
