import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const system = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

/** The theme that is shown: the chosen one, else the system's. */
export function theme(): Theme {
  const chosen = choice();
  if (chosen !== "system") return chosen;
  return system.matches ? "dark" : "light";
}

/** What was chosen: a theme, or to follow the system. */
export function choice(): Theme | "system" {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

export function choose(wanted: Theme | "system"): void {
  if (wanted === "system") {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem("theme");
  } else {
    document.documentElement.dataset.theme = wanted;
    localStorage.setItem("theme", wanted);
  }
  for (const listener of listeners) listener();
}

/** Show the other theme. Where that is the system's own, the choice is forgotten and the system followed again. */
export function toggleTheme(): void {
  const wanted = theme() === "dark" ? "light" : "dark";
  choose(wanted === (system.matches ? "dark" : "light") ? "system" : wanted);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  system.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    system.removeEventListener("change", listener);
  };
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, theme);
export const useChoice = (): Theme | "system" => useSyncExternalStore(subscribe, choice);
