/** Something that this browser remembers; every tab hears of a change. */
export interface Stored<Value> {
  get: () => Value;
  set: (value: Value) => void;
  watch: (watcher: () => void) => () => void;
}

/** What is stored is read with `check`, which gives undefined for what it does not understand. */
export function stored<Value>(
  name: string,
  fallback: Value,
  check: (value: unknown) => Value | undefined,
): Stored<Value> {
  const watchers = new Set<() => void>();
  let text: string | null | undefined;
  let value = fallback;
  const get = () => {
    const now = localStorage.getItem(name);
    if (now !== text) {
      text = now;
      value = parse(now, check) ?? fallback;
    }
    return value; // the same object as long as nothing changed
  };
  return {
    get,
    set(next) {
      localStorage.setItem(name, JSON.stringify(next));
      for (const watcher of watchers) watcher();
    },
    watch(watcher) {
      const elsewhere = (event: StorageEvent) => event.key === name && watcher();
      watchers.add(watcher);
      window.addEventListener("storage", elsewhere);
      return () => {
        watchers.delete(watcher);
        window.removeEventListener("storage", elsewhere);
      };
    },
  };
}

function parse<Value>(text: string | null, check: (value: unknown) => Value | undefined): Value | undefined {
  if (text === null) return undefined;
  try {
    return check(JSON.parse(text));
  } catch {
    return undefined;
  }
}
