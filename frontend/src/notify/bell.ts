import { useSyncExternalStore } from "react";
import { stored } from "@/stored";

/** Whether this browser can tell anything, and whether it was allowed to. */
export type Permission = "absent" | NotificationPermission;

interface Wants {
  /** Every job that ends. */
  every: boolean;
  /** These, whatever the others. */
  jobs: readonly string[];
}

const NONE: Wants = { every: false, jobs: [] };
const MOST = 100;

function read(value: unknown): Wants | undefined {
  const { every, jobs } = (value ?? {}) as Partial<Wants>;
  if (typeof every !== "boolean" || !Array.isArray(jobs)) return undefined;
  return { every, jobs: jobs.filter((id) => typeof id === "string") };
}

const wants = stored<Wants>("tell-when-it-ends", NONE, read);
const watchers = new Set<() => void>();

export function permission(): Permission {
  // Browsers notify only over https or from this very machine.
  return "Notification" in window && window.isSecureContext ? Notification.permission : "absent";
}

const watchPermission = (watcher: () => void) => {
  watchers.add(watcher);
  // The only sign of a change that was made in the browser's own settings is that the reader came back from there.
  window.addEventListener("focus", watcher);
  return () => {
    watchers.delete(watcher);
    window.removeEventListener("focus", watcher);
  };
};

export const usePermission = (): Permission => useSyncExternalStore(watchPermission, permission);
export const useWants = (): Wants => useSyncExternalStore(wants.watch, wants.get);
export const wanted = (): Wants => wants.get();
export const wantsAny = (): boolean => permission() === "granted" && (wants.get().every || wants.get().jobs.length > 0);

/** Asks the browser, which asks the reader, unless both have answered before. Only a click may lead here. */
async function allowed(): Promise<boolean> {
  if (permission() === "default") await Notification.requestPermission();
  for (const watcher of watchers) watcher();
  return permission() === "granted";
}

export async function tellOfEvery(on: boolean): Promise<void> {
  if (on && !(await allowed())) return;
  wants.set({ ...wants.get(), every: on });
}

export async function tellOf(job: string, on: boolean): Promise<void> {
  if (on && !(await allowed())) return;
  const others = wants.get().jobs.filter((id) => id !== job);
  wants.set({ ...wants.get(), jobs: on ? [...others, job].slice(-MOST) : others });
}

/** Told once: a wish for one job is over with it. */
export function told(job: string): void {
  const { jobs, every } = wants.get();
  if (jobs.includes(job)) wants.set({ every, jobs: jobs.filter((id) => id !== job) });
}
