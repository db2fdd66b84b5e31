import { useQueryClient } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { useEffect, useSyncExternalStore } from "react";
import { stored } from "@/stored";

export const KINDS = ["jobs", "students", "teachers", "datasets"] as const;
export type Kind = (typeof KINDS)[number];

export interface Recent {
  kind: Kind;
  id: string;
  name: string;
}

const MOST = 8;
const recent = stored<readonly Recent[]>("recent", [], (value) =>
  Array.isArray(value) ? value.filter(isRecent) : undefined,
);

const isRecent = (one: Partial<Recent> | null): one is Recent =>
  KINDS.includes(one?.kind as Kind) && typeof one?.id === "string" && typeof one.name === "string";

export const useRecent = (): readonly Recent[] => useSyncExternalStore(recent.watch, recent.get);

/** What was looked at comes to the front. */
export function remember(one: Recent, known: readonly Recent[]): readonly Recent[] {
  const [first] = known;
  if (first?.id === one.id && first.name === one.name) return known;
  return [one, ...known.filter(({ id }) => id !== one.id)].slice(0, MOST);
}

/** The thing that a page is about. */
export function subject(path: string): { kind: Kind; id: string } | null {
  const [, kind, id] = /^\/(jobs|students|teachers|datasets)\/([^/]+)/.exec(path) ?? [];
  return kind && id && id !== "new" ? { kind: kind as Kind, id } : null;
}

/** Remembers the pages that were looked at, by the names that their answers gave. */
export function useRemember(): void {
  const client = useQueryClient();
  const path = useLocation({ select: ({ pathname }) => pathname });
  const about = subject(path);
  const [kind, id] = [about?.kind, about?.id];
  const name = useSyncExternalStore(
    (watcher) => client.getQueryCache().subscribe(watcher),
    () => (kind ? nameOf(client.getQueryData([kind, id])) : undefined),
  );
  useEffect(() => {
    if (kind && id && name) recent.set(remember({ kind, id, name }, recent.get()));
  }, [kind, id, name]);
}

function nameOf(answer: unknown): string | undefined {
  const { label, name } = (answer ?? {}) as { label?: string; name?: string };
  return label ?? name;
}
