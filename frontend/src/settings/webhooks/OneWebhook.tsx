import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { moment } from "@/format";
import { Answer } from "@/ui/Answer";
import { AskName } from "@/ui/AskName";
import { Failure } from "@/ui/faces";
import { Switch } from "@/ui/Switch";
import { Deliveries } from "./Deliveries";
import { useWebhook, type Webhook, webhookQuery } from "./queries";
import { Secret } from "./Secret";
import { told } from "./Webhooks";

/** One webhook: what can be done to it, and what became of its messages. */
export function OneWebhook({ id, after }: { id: string; after: string | undefined }) {
  const query = useQuery(webhookQuery(id));
  return (
    <>
      <p>
        <Link to="/settings" search={{ section: "webhooks" }}>
          All webhooks
        </Link>
      </p>
      <Answer query={query} label="webhook" heights={[96, 52, 52]}>
        {(webhook) => (
          <>
            <Head webhook={webhook} />
            <Deliveries id={id} after={after} />
          </>
        )}
      </Answer>
    </>
  );
}

function Head({ webhook }: { webhook: Webhook }) {
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const [wanted, setWanted] = useState<boolean | null>(null); // until the service has answered
  const [seen, setSeen] = useState<string | null>(null);
  const { change, test, rotate, remove } = useWebhook(webhook.id);
  const failed = change.error ?? test.error ?? rotate.error;
  const rotated = rotate.data?.secret;
  return (
    <section className="card stack" aria-label="Webhook">
      <div className="stack tight">
        <h2 className="wrap" dir="auto">
          {webhook.name}
        </h2>
        <code className="wrap">{webhook.url}</code>
        <span className="small soft">
          Is told {told(webhook.events)}.
          {webhook.old_secret_until &&
            Date.parse(webhook.old_secret_until) > Date.now() &&
            ` The old secret signs too until ${moment(webhook.old_secret_until)}.`}
        </span>
      </div>
      <Switch
        label="On"
        note={
          webhook.enabled
            ? "Switched off, nothing new is told, and what is pending waits."
            : (webhook.disabled_reason ?? "Nothing new is told, and what is pending waits.")
        }
        on={wanted ?? webhook.enabled}
        disabled={change.isPending}
        onChange={(enabled) => {
          setWanted(enabled);
          change.mutate({ enabled }, { onSettled: () => setWanted(null) });
        }}
      />
      {failed && <Failure error={failed} />}
      <div className="row">
        <button type="button" className="button" disabled={test.isPending} onClick={() => test.mutate()}>
          Send a test
        </button>
        <button type="button" className="button" disabled={rotate.isPending} onClick={() => rotate.mutate()}>
          New secret
        </button>
        <button type="button" className="button danger" onClick={() => setDeleting(true)}>
          Delete
        </button>
      </div>
      {rotated && rotated !== seen && (
        <Secret title="Copy the new secret now" secret={rotated} onClose={() => setSeen(rotated)} />
      )}
      {deleting && (
        <AskName
          title="Delete this webhook?"
          name={webhook.name}
          word="delete"
          verb="Delete it"
          deed={remove}
          onDone={() => navigate({ to: "/settings", search: { section: "webhooks" } })}
          onClose={() => setDeleting(false)}
        >
          It is told nothing more, and the log of its deliveries goes with it.
        </AskName>
      )}
    </section>
  );
}
