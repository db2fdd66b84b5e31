import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { Listed } from "@/ui/Listed";
import type { Column } from "@/ui/Table";
import { NewWebhookDialog } from "./NewWebhookDialog";
import { OneWebhook } from "./OneWebhook";
import { type Webhook, webhooksQuery } from "./queries";

const COLUMNS: readonly Column<Webhook>[] = [
  {
    head: "Webhook",
    kind: "name",
    cell: (webhook) => (
      <span className="stack tight">
        <Link to="/settings" search={{ section: "webhooks", webhook: webhook.id }} className="wrap strong" dir="auto">
          {webhook.name}
        </Link>
        <span className="small soft wrap">{webhook.url}</span>
      </span>
    ),
  },
  { head: "Is told", cell: (webhook) => told(webhook.events) },
  {
    head: "State",
    cell: (webhook) => (webhook.enabled ? "on" : <span className="bad">{webhook.disabled_reason ?? "off"}</span>),
  },
];

export const told = (events: readonly string[]): string => (events.includes("*") ? "everything" : events.join(", "));

/** Who is told what happens: the list, or one with what became of its messages. */
export function Webhooks() {
  const { after, webhook } = useSearch({ from: "/shell/settings" });
  return webhook ? <OneWebhook id={webhook} after={after} /> : <List after={after} />;
}

function List({ after }: { after: string | undefined }) {
  const query = useQuery(webhooksQuery(after));
  const [making, setMaking] = useState(false);
  return (
    <>
      <div className="spread">
        <p className="soft">
          The service posts to these addresses when a job, a data set or a teacher comes to something. Messages are
          signed.
        </p>
        <button type="button" className="button primary" onClick={() => setMaking(true)}>
          <Plus size={16} aria-hidden />
          New webhook
        </button>
      </div>
      <Listed
        label="webhooks"
        after={after}
        query={query}
        columns={COLUMNS}
        empty="Nobody is told yet."
        pages={(next) =>
          next && (
            <Link to="/settings" search={{ section: "webhooks", after: next }} className="button">
              Older
            </Link>
          )
        }
      />
      {making && <NewWebhookDialog onClose={() => setMaking(false)} />}
    </>
  );
}
