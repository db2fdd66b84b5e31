import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const system = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

/** The theme that is shown: the chosen one, else the system's. */
export function theme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return system.matches ? "dark" : "light";
}

/** Show the other theme. Where that is the system's own, the choice is forgotten and the system followed again. */
export function toggleTheme(): void {
  const wanted = theme() === "dark" ? "light" : "dark";
  if (wanted === (system.matches ? "dark" : "light")) {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem("theme");
  } else {
    document.documentElement.dataset.theme = wanted;
    localStorage.setItem("theme", wanted);
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  system.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    system.removeEventListener("change", listener);
  };
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, theme);
}
