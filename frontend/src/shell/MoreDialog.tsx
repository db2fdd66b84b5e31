import { useEffect, useRef } from "react";
import { PlaceLink } from "./PlaceLink";
import type { Place } from "./places";
import { Deeds } from "./Sidebar";

/** A sheet from the lower edge, where the thumb is. */
export function MoreDialog({ places, onClose }: { places: readonly Place[]; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => dialog.current?.close();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the sheet closes it; the keyboard has Escape
    <dialog
      ref={dialog}
      className="sheet"
      aria-label="More places"
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && close()}
    >
      <nav aria-label="More">
        {places.map((place) => (
          <PlaceLink key={place.to} place={place} onClick={close} />
        ))}
      </nav>
      <div className="foot">
        <Deeds onDone={close} />
      </div>
    </dialog>
  );
}
