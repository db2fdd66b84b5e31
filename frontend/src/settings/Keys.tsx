import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { ago, day } from "@/format";
import { Listed } from "@/ui/Listed";
import type { Column } from "@/ui/Table";
import { NewKeyDialog } from "./NewKeyDialog";
import { type ApiKey, keysQuery, sessionQuery } from "./queries";
import { RevokeDialog } from "./RevokeDialog";
import { RotateDialog } from "./RotateDialog";

/** Who may ask: the keys of this project. */
export function Keys() {
  const { after } = useSearch({ from: "/shell/settings" });
  const query = useQuery(keysQuery(after));
  const own = useQuery(sessionQuery).data?.key.id;
  const [making, setMaking] = useState(false);
  const [rotating, setRotating] = useState<ApiKey | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const columns: readonly Column<ApiKey>[] = [
    {
      head: "Name",
      kind: "name",
      cell: (key) => (
        <span className="stack tight">
          <span className="wrap strong" dir="auto">
            {key.name}
          </span>
          {key.id === own && <span className="small soft">this browser signed in with it</span>}
        </span>
      ),
    },
    { head: "Key", cell: (key) => <code>{key.prefix}…</code> },
    { head: "Scope", cell: (key) => key.scope },
    { head: "Created", kind: "number", cell: (key) => day(key.created_at) },
    { head: "Last used", kind: "number", cell: (key) => (key.last_used_at ? ago(key.last_used_at) : "never") },
    { head: "Expires", kind: "number", cell: (key) => <Expiry apiKey={key} /> },
    {
      head: "Actions",
      kind: "number",
      cell: (key) =>
        key.revoked_at ? (
          <span className="soft">revoked {day(key.revoked_at)}</span>
        ) : (
          <span className="row end">
            {!isOver(key) && (
              <button type="button" className="button small" onClick={() => setRotating(key)}>
                Replace<span className="unseen"> {key.name}</span>
              </button>
            )}
            <button type="button" className="button danger small" onClick={() => setRevoking(key)}>
              Revoke<span className="unseen"> {key.name}</span>
            </button>
          </span>
        ),
    },
  ];
  return (
    <>
      <div className="spread">
        <p className="soft">A key is shown once, when it is made. Whoever has it may do what its scope says.</p>
        <button type="button" className="button primary" onClick={() => setMaking(true)}>
          <Plus size={16} aria-hidden />
          New key
        </button>
      </div>
      <Listed
        label="API keys"
        after={after}
        query={query}
        columns={columns}
        empty="No keys."
        pages={(next) => (
          <>
            {after && (
              <Link to="/settings" search={{ section: "keys" }} className="button">
                Newest
              </Link>
            )}
            {next && (
              <Link to="/settings" search={{ section: "keys", after: next }} className="button">
                Older
              </Link>
            )}
          </>
        )}
      />
      {making && <NewKeyDialog onClose={() => setMaking(false)} />}
      {rotating && <RotateDialog apiKey={rotating} own={rotating.id === own} onClose={() => setRotating(null)} />}
      {revoking && <RevokeDialog apiKey={revoking} own={revoking.id === own} onClose={() => setRevoking(null)} />}
    </>
  );
}

const isOver = ({ expires_at }: ApiKey) => expires_at != null && Date.parse(expires_at) < Date.now();

function Expiry({ apiKey }: { apiKey: ApiKey }) {
  const { expires_at } = apiKey;
  if (!expires_at) return "never";
  const over = isOver(apiKey);
  return <span className={over ? "bad" : ""}>{over ? `expired ${day(expires_at)}` : day(expires_at)}</span>;
}
