import { CopyButton } from "@/ui/Copy";
import { Dialog } from "@/ui/Dialog";

interface Props {
  title: string;
  secret: string | null;
  onClose: () => void;
}

/** A webhook's secret, this once. */
export function Secret({ title, secret, onClose }: Props) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p className="wrap">
        Messages are signed with it, as Standard Webhooks has it; the receiver verifies them. It is not shown again.
      </p>
      <div className="command">
        <code>{secret}</code>
        <CopyButton text={secret ?? ""} label="Copy the secret" />
      </div>
      <div className="row">
        <button type="button" className="button primary" onClick={onClose}>
          I have it
        </button>
      </div>
    </Dialog>
  );
}
