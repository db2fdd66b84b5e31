import { Plus } from "lucide-react";
import { useState } from "react";
import type { Purpose } from "./uploader";
import { useUpload } from "./useUpload";

/** Whether the form stands open on a list's page: asked for, or because a file is on its way. */
export function useNewPanel(purpose: Purpose) {
  const { file } = useUpload(purpose);
  const [open, setOpen] = useState(file !== null);
  return { open, show: () => setOpen(true), hide: () => setOpen(false) };
}

export function NewButton({ word, panel }: { word: string; panel: { open: boolean; show: () => void } }) {
  return (
    <button type="button" className="button primary" disabled={panel.open} onClick={panel.show}>
      <Plus size={16} aria-hidden />
      {word}
    </button>
  );
}
