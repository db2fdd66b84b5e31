import { Link } from "@tanstack/react-router";
import { Dialog } from "@/ui/Dialog";
import { Keys } from "./Keys";
import { usePlainShortcuts } from "./plain";
import { ANYWHERE, isPlain, PAGES } from "./table";

/** All shortcuts, from the table that binds them. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
  const plain = usePlainShortcuts();
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      {!plain && (
        <p className="soft">
          Single keys are switched off in the{" "}
          <Link to="/settings" search={{ section: "appearance" }} onClick={onClose}>
            settings
          </Link>
          .
        </p>
      )}
      <Shortcuts title="Anywhere" rows={ANYWHERE.filter(({ keys }) => plain || !isPlain(keys))} />
      {plain && <Shortcuts title="Go to" rows={PAGES} between="then" />}
      <Shortcuts
        title="In the list of jobs"
        rows={[
          { keys: plain ? "j k" : "↓ ↑", what: "The next job, the one before" },
          ...(plain ? [{ keys: "x", what: "Choose it; with Shift all up to it" }] : []),
          { keys: "Enter", what: "Open it" },
          { keys: "Esc", what: "Choose none" },
        ]}
      />
      <Shortcuts
        title="In a chart"
        between="or"
        rows={[
          { keys: "← →", what: "Read the values, point by point" },
          { keys: "Home End", what: "The first and the last point" },
          { keys: "Esc", what: "Let go" },
        ]}
      />
      <div className="row">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

interface Props {
  title: string;
  rows: readonly { keys: string; what: string }[];
  between?: string;
}

function Shortcuts({ title, rows, between }: Props) {
  return (
    <section className="stack tight">
      <h3 className="small soft">{title}</h3>
      <dl className="shortcuts">
        {rows.map(({ keys, what }) => (
          <div key={keys}>
            <dt>{what}</dt>
            <dd>
              <Keys keys={keys} {...(between ? { between } : {})} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
