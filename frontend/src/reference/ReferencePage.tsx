import { useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate, useSearch } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { root } from "@/api/root";
import { plural } from "@/format";
import { Page } from "@/shell/Page";
import { Answer } from "@/ui/Answer";
import { Empty } from "@/ui/faces";
import { chapters, matching, type OpenApi, openApiQuery } from "./document";
import { OperationCard } from "./OperationCard";

/** What the service can be asked, as it describes itself. */
export function ReferencePage() {
  const query = useQuery(openApiQuery);
  return (
    <Page
      title="API reference"
      aside={
        <a className="button" href={`${root}/openapi.json`} download="distillery-openapi.json">
          OpenAPI document
        </a>
      }
    >
      <p className="soft">
        Everything this dashboard does goes through these. Send a key as <code>Authorization: Bearer dkd_…</code>; times
        are UTC, shares run from 0 to 1, lists go on with <code>after</code>.
      </p>
      <Answer query={query} label="the reference" heights={[32, 320, 320]}>
        {(document) => <Contents document={document} />}
      </Answer>
    </Page>
  );
}

function Contents({ document: api }: { document: OpenApi }) {
  const { q = "" } = useSearch({ from: "/shell/api" });
  const hash = useLocation({ select: (location) => location.hash });
  const navigate = useNavigate({ from: "/api" });
  const all = useMemo(() => chapters(api), [api]);
  const found = matching(all, q);
  const count = found.reduce((sum, { operations }) => sum + operations.length, 0);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const to = (change: { q?: string; hash?: string }) => {
    const text = change.q ?? q;
    void navigate({ search: text ? { q: text } : {}, hash: change.hash ?? hash, replace: true, resetScroll: false });
  };

  // The others stay open: what is being read must not move away.
  const toggle = (id: string, open: boolean) => {
    setOpened(new Set(open ? [...opened, id] : [...opened].filter((other) => other !== id)));
    if (open) led.current = id;
    if (open || id === hash) to({ hash: open ? id : "" });
  };

  // Whoever comes by a link to one operation is led to it; who opens one is there already.
  const led = useRef("");
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the address changes, not when something is opened
  useEffect(() => {
    if (!hash || led.current === hash) return;
    led.current = hash;
    setOpened(new Set([...opened, hash]));
    document.getElementById(hash)?.scrollIntoView({ block: "start" });
  }, [hash]);

  return (
    <>
      <div className="row">
        <div className="search">
          <Search size={16} aria-hidden />
          <input
            className="input"
            type="search"
            aria-label="Search the reference"
            placeholder="Search the reference"
            value={q}
            onChange={(event) => to({ q: event.target.value })}
          />
        </div>
        <span className="small soft" role="status">
          {plural(count, "operation")}
        </span>
      </div>
      {found.length === 0 && (
        <div className="card">
          <Empty>Nothing here speaks of that.</Empty>
        </div>
      )}
      {found.map(({ tag, operations }) => (
        <section key={tag} className="card flush chapter" aria-labelledby={`tag-${tag}`}>
          <h2 id={`tag-${tag}`}>{tag.replaceAll("-", " ")}</h2>
          {operations.map((operation) => (
            <OperationCard
              key={operation.operationId}
              operation={operation}
              schemas={api.components.schemas}
              open={opened.has(operation.operationId)}
              onToggle={(open) => toggle(operation.operationId, open)}
            />
          ))}
        </section>
      ))}
    </>
  );
}
