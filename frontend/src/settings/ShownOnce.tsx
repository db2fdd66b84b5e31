import type { ReactNode } from "react";
import { CopyButton } from "@/ui/Copy";
import { Dialog } from "@/ui/Dialog";

interface Props {
  title: string;
  /** A key or a webhook's secret; null where a repeated request got the stored answer, which is without it. */
  secret: string | null;
  /** On the button that copies it. */
  label: string;
  children: ReactNode;
  onClose: () => void;
}

/** What is never shown again, and what to know about it. */
export function ShownOnce({ title, secret, label, children, onClose }: Props) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p className="wrap">{children}</p>
      <div className="command">
        <code>{secret}</code>
        <CopyButton text={secret ?? ""} label={label} />
      </div>
      <div className="row">
        <button type="button" className="button primary" onClick={onClose}>
          I have it
        </button>
      </div>
    </Dialog>
  );
}
