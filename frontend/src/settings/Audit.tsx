import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { moment } from "@/format";
import { Listed } from "@/ui/Listed";
import type { Column } from "@/ui/Table";
import { type AuditEntry, auditQuery } from "./queries";

const COLUMNS: readonly Column<AuditEntry>[] = [
  { head: "When", cell: (entry) => <span className="nowrap">{moment(entry.created_at)}</span> },
  { head: "What", cell: (entry) => <code>{entry.action}</code> },
  { head: "Of what", kind: "name", cell: (entry) => <Subject id={entry.subject ?? null} /> },
  {
    head: "With the key",
    kind: "name",
    cell: (entry) =>
      entry.key ? (
        <span className="wrap" dir="auto">
          {entry.key.name}
        </span>
      ) : (
        <span className="soft">–</span>
      ),
  },
  { head: "From", cell: (entry) => <code>{entry.address ?? "–"}</code> },
  { head: "Request", cell: (entry) => <span className="hash">{entry.request_id ?? "–"}</span> },
];

/** Everything that was changed here, by whom and from where, newest first. */
export function Audit() {
  const { after } = useSearch({ from: "/shell/settings" });
  const query = useQuery(auditQuery(after));
  return (
    <Listed
      label="audit log"
      after={after}
      query={query}
      columns={COLUMNS}
      empty="Nothing has been changed since the log began."
      pages={(next) => (
        <>
          {after && (
            <Link to="/settings" search={{ section: "audit" }} className="button">
              Newest
            </Link>
          )}
          {next && (
            <Link to="/settings" search={{ section: "audit", after: next }} className="button">
              Older
            </Link>
          )}
        </>
      )}
    />
  );
}

const PAGES = { job: "/jobs/$id", stu: "/students/$id", tch: "/teachers/$id", dst: "/datasets/$id" } as const;

/** By its id, which leads to it if it has a page; it may be gone since. */
function Subject({ id }: { id: string | null }) {
  if (!id) return <span className="soft">–</span>;
  const to = PAGES[id.split("_")[0] as keyof typeof PAGES];
  return to ? (
    <Link to={to} params={{ id }} className="hash">
      {id}
    </Link>
  ) : (
    <span className="hash">{id}</span>
  );
}
