import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import type { Connection } from "./line";
import { Tab } from "./tab";

const TheTab = createContext<Tab | null>(null);

/** Opens the one stream of this tab for as long as somebody is signed in. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [tab] = useState(() => new Tab(client));
  useEffect(() => tab.start(), [tab]);
  return <TheTab value={tab}>{children}</TheTab>;
}

export function useTab(): Tab {
  const tab = useContext(TheTab);
  if (!tab) throw new Error("useTab outside of the shell");
  return tab;
}

export function useConnection(): Connection {
  const { line } = useTab();
  return useSyncExternalStore(line.watch, line.connection);
}
