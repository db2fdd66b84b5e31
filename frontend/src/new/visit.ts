import { idOf, steps } from "./pointer";

/**
 * Brings the control of a place into view and the focus into it: its own, else that of what holds it, up to the card.
 * A place inside a student is reached by the student's row, which opens it.
 */
export function visit(pointer: string): void {
  const parts = steps(pointer);
  for (let n = parts.length; n > 0; n--) {
    const id = idOf(`/${parts.slice(0, n).join("/")}`);
    const control =
      document.getElementById(id) ?? document.getElementById(`${id}-open`) ?? document.getElementById(`${id}/kind`);
    if (!control) continue;
    control.focus();
    control.scrollIntoView({ block: "center" });
    return;
  }
}
