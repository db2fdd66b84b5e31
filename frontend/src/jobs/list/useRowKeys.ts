import { type RefObject, useEffect, useLayoutEffect, useRef } from "react";

interface Props {
  scroller: RefObject<HTMLElement | null>;
  order: readonly string[];
  current: string | null;
  /** Whether single letters do something: whoever wants none has switched them off. */
  letters: boolean;
  move: (id: string) => void;
  choose: (id: string, range: boolean) => void;
  clear: () => void;
}

const STEPS: Record<string, number> = { ArrowDown: 1, j: 1, J: 1, ArrowUp: -1, k: -1, K: -1 };
const SEQUENCE = 1_500; // milliseconds in which a letter belongs to the "g" before it

/**
 * j, k and x from anywhere on the page that takes no text; the arrows, Home and End where the list has the focus. Enter
 * is the link's own. The focus goes to the row's link, which makes a screen reader tell the row.
 */
export function useRowKeys(props: Props): void {
  const latest = useRef(props);
  latest.current = props;
  const moved = useRef(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: when another row became the current one
  useLayoutEffect(() => {
    if (!moved.current) return;
    moved.current = false;
    const { scroller, current } = latest.current;
    scroller.current?.querySelector<HTMLElement>(`[data-id="${current}"] a`)?.focus({ preventScroll: true });
  }, [props.current]);

  useEffect(() => {
    let sequence = 0;
    const onKey = (event: KeyboardEvent) => {
      const { scroller, order, current, letters, move, choose, clear } = latest.current;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target)) return;
      if (event.key === "g") sequence = event.timeStamp;
      if (event.timeStamp - sequence < SEQUENCE && sequence > 0) return;
      const inside = scroller.current?.contains(event.target as Node) ?? false;
      const letter = event.key.length === 1;
      if (letter ? !letters : !inside) return;
      const at = current === null ? -1 : order.indexOf(current);
      const step = STEPS[event.key];
      const to =
        event.key === "Home" ? 0 : event.key === "End" ? order.length - 1 : step === undefined ? null : at + step;
      if (to !== null) {
        event.preventDefault();
        const id = order[Math.max(0, Math.min(order.length - 1, to))];
        if (id === undefined) return;
        moved.current = id !== current;
        if (event.shiftKey && current !== null) choose(id, true);
        move(id);
      } else if ((event.key === "x" || event.key === "X") && current !== null) {
        event.preventDefault();
        choose(current, event.shiftKey);
      } else if (event.key === "Escape") {
        clear();
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

/** Where letters are text, and where a question stands in front of the page. */
function isTaken(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]")) return true;
  if (!(target instanceof HTMLElement)) return false;
  const typing = target instanceof HTMLInputElement ? target.type !== "checkbox" : target.matches("textarea, select");
  return typing || target.isContentEditable || target.closest(".menu") !== null;
}
