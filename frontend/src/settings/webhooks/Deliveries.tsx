import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { moment } from "@/format";
import { Failure } from "@/ui/faces";
import { Listed } from "@/ui/Listed";
import { Status } from "@/ui/Status";
import type { Column } from "@/ui/Table";
import { type Delivery, deliveriesQuery, useWebhook } from "./queries";

/** What was told, what the other side answered, and when it is tried next. */
export function Deliveries({ id, after }: { id: string; after: string | undefined }) {
  const query = useQuery(deliveriesQuery(id, after));
  const { resend } = useWebhook(id);
  const columns: readonly Column<Delivery>[] = [
    { head: "When", cell: (one) => <span className="nowrap">{moment(one.created_at)}</span> },
    { head: "What", cell: (one) => <code>{one.type}</code> },
    { head: "Status", cell: (one) => <Status value={one.status} /> },
    { head: "Tries", kind: "number", cell: (one) => one.tries },
    { head: "Last answer", cell: (one) => <span className="wrap">{lastAnswer(one)}</span> },
    { head: "Next try", cell: (one) => <span className="nowrap">{one.next_at ? moment(one.next_at) : "–"}</span> },
    {
      head: "Again",
      kind: "number",
      cell: (one) =>
        one.status !== "pending" && (
          <button
            type="button"
            className="button small"
            disabled={resend.isPending}
            onClick={() => resend.mutate(one.id)}
          >
            Send again<span className="unseen"> {one.type}</span>
          </button>
        ),
    },
  ];
  return (
    <>
      {resend.isError && <Failure error={resend.error} />}
      <Listed
        label="deliveries"
        after={after}
        query={query}
        columns={columns}
        empty="Nothing has been told yet. Send a test, or wait for a job."
        pages={(next) => (
          <>
            {after && (
              <Link to="/settings" search={{ section: "webhooks", webhook: id }} className="button">
                Newest
              </Link>
            )}
            {next && (
              <Link to="/settings" search={{ section: "webhooks", webhook: id, after: next }} className="button">
                Older
              </Link>
            )}
          </>
        )}
      />
    </>
  );
}

function lastAnswer(one: Delivery): string {
  const last = one.log.at(-1);
  if (!last) return "none yet";
  return last.status === null ? (last.error ?? "none") : String(last.status);
}
