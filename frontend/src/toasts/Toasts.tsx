import { CircleAlert, X } from "lucide-react";
import { useEffect, useState } from "react";
import { dismiss, STAYS, type Toast, useToasts } from "./toasts";

/** The corner where the dashboard says what happened; read out when it does. */
export function Toasts() {
  const toasts = useToasts();
  return (
    <section className="toasts" aria-label="Messages" aria-live="polite" aria-relevant="additions">
      {toasts.map((one) => (
        <One key={one.id} toast={one} />
      ))}
    </section>
  );
}

function One({ toast: { id, text, tone, act } }: { toast: Toast }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held || tone === "bad") return;
    const timer = window.setTimeout(() => dismiss(id), STAYS);
    return () => window.clearTimeout(timer);
  }, [held, id, tone]);
  const hold = { onPointerEnter: () => setHeld(true), onFocus: () => setHeld(true) };
  const release = { onPointerLeave: () => setHeld(false), onBlur: () => setHeld(false) };
  return (
    <div className={`toast ${tone}`} {...hold} {...release}>
      {tone === "bad" && <CircleAlert size={16} aria-hidden />}
      <p className="wrap">{text}</p>
      {act && (
        <button
          type="button"
          className="button small"
          onClick={() => {
            dismiss(id);
            act.run();
          }}
        >
          {act.word}
        </button>
      )}
      <button type="button" className="icon-button" aria-label="Close this message" onClick={() => dismiss(id)}>
        <X size={14} aria-hidden />
      </button>
    </div>
  );
}
