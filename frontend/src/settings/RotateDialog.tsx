import { useState } from "react";
import { day, moment } from "@/format";
import { Dialog } from "@/ui/Dialog";
import { Failure } from "@/ui/faces";
import { Choice } from "@/uploads/Choice";
import { type ApiKey, useRotateKey } from "./queries";
import { ShownOnce } from "./ShownOnce";

const OVERLAPS = [
  { key: "0", name: "now" },
  { key: "24", name: "a day" },
  { key: "168", name: "a week" },
  { key: "720", name: "30 days" },
] as const;
type Overlap = (typeof OVERLAPS)[number]["key"];
const HOUR = 3_600_000;

interface Props {
  apiKey: ApiKey;
  /** This browser signed in with it. */
  own: boolean;
  onClose: () => void;
}

/** Makes the key that takes over, shows it this once, and says until when the old one is good. */
export function RotateDialog({ apiKey, own, onClose }: Props) {
  const [overlap, setOverlap] = useState<Overlap>("24");
  const rotate = useRotateKey(apiKey.id);
  if (rotate.data) {
    return (
      <ShownOnce title="Copy the new key now" secret={rotate.data.key} label="Copy the key" onClose={onClose}>
        This is the only time that it is shown: only a hash of it is kept. It{" "}
        {rotate.data.expires_at ? `expires on ${day(rotate.data.expires_at)}` : "never expires"}, as the old one would
        have.
      </ShownOnce>
    );
  }
  const ends = moment(new Date(Date.now() + Number(overlap) * HOUR).toISOString());
  return (
    <Dialog title="Replace this key?" onClose={onClose}>
      <p className="wrap">
        A new key takes over the name <b dir="auto">{apiKey.name}</b>, its scope and its expiry. The old one stays good
        for a while, so that nothing breaks until the new one is in its place.
      </p>
      <div className="field">
        <span>The old one ends</span>
        <Choice label="The old one ends" choices={OVERLAPS} value={overlap} onChange={setOverlap} />
        <span className="small soft">
          {overlap === "0" ? "At once: whatever uses it is refused from now on." : `On ${ends} at the latest.`}
          {own && " This browser signed in with it, and will have to sign in again."}
        </span>
      </div>
      {rotate.isError && <Failure error={rotate.error} />}
      <div className="row end">
        <button type="button" className="button" onClick={onClose}>
          Leave it
        </button>
        <button
          type="button"
          className="button primary"
          disabled={rotate.isPending}
          onClick={() => rotate.mutate({ overlap_hours: Number(overlap) })}
        >
          Replace it
        </button>
      </div>
    </Dialog>
  );
}
