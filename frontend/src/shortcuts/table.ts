/** Every shortcut of the dashboard. What is bound and what the help shows both come from here. */

export const PAGES = [
  { keys: "g o", to: "/", what: "Overview" },
  { keys: "g j", to: "/jobs", what: "Jobs" },
  { keys: "g n", to: "/jobs/new", what: "New distillation" },
  { keys: "g e", to: "/explore", what: "Explore" },
  { keys: "g s", to: "/students", what: "Students" },
  { keys: "g t", to: "/teachers", what: "Teachers" },
  { keys: "g d", to: "/datasets", what: "Data sets" },
  { keys: "g w", to: "/workers", what: "Workers" },
] as const;

export type PagePath = (typeof PAGES)[number]["to"];

export const ANYWHERE = [
  { keys: "$mod+k", act: "palette", what: "Search, or jump to anything" },
  { keys: "/", act: "search", what: "Search on this page" },
  { keys: "?", act: "help", what: "Show these shortcuts" },
] as const;

export type Act = (typeof ANYWHERE)[number]["act"];

/** Works on its own, without a chart of keys pressed together: can be switched off (WCAG 2.1.4). */
export const isPlain = (keys: string): boolean => !keys.includes("$mod");

const APPLE = /Mac|iPhone|iPad/.test(navigator.platform);

/** "$mod+k" -> ["Ctrl", "K"], as the keys are labelled on this machine. */
export function labels(keys: string): string[] {
  return keys
    .split(/[ +]/)
    .map((key) => (key === "$mod" ? (APPLE ? "⌘" : "Ctrl") : key.length === 1 ? key.toUpperCase() : key));
}

/** As `aria-keyshortcuts` wants it: "Control+K" or "Meta+K"; a sequence cannot be told there. */
export const ariaKeys = (keys: string): string => keys.replace("$mod", APPLE ? "Meta" : "Control");

interface Wanted {
  to: (path: PagePath) => void;
  act: (act: Act) => void;
}

/** The bindings as tinykeys wants them. */
export function bindings(wanted: Wanted, plain: boolean): Record<string, (event: KeyboardEvent) => void> {
  const bound: Record<string, (event: KeyboardEvent) => void> = {};
  for (const { keys, to } of PAGES) bound[keys] = () => wanted.to(to);
  for (const { keys, act } of ANYWHERE) {
    bound[keys] = () => wanted.act(act);
    // Where a character needs Shift, tinykeys wants that said; where it does not, the plain one matches.
    if (keys === "?") bound["Shift+?"] = () => wanted.act(act);
  }
  return Object.fromEntries(
    Object.entries(bound)
      .filter(([keys]) => plain || !isPlain(keys))
      .map(([keys, act]) => [keys, guarded(act, isPlain(keys))]),
  );
}

/** A plain key belongs to whoever is typing, and to a dialog that is open. */
const guarded = (act: (event: KeyboardEvent) => void, plain: boolean) => (event: KeyboardEvent) => {
  if (event.defaultPrevented || event.isComposing) return;
  if (plain && (isTyping(event.target) || document.querySelector("dialog[open]"))) return;
  event.preventDefault();
  act(event);
};

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("input, textarea, select, [contenteditable]:not([contenteditable='false'])") !== null
  );
}
