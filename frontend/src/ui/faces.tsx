import { CircleAlert, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "@/api/client";

/** The shape of what comes. */
export function Skeleton({ height, width = "100%" }: { height: number; width?: number | string }) {
  return <span className="skeleton" style={{ height, width }} />;
}

/** A card-shaped wait. */
export function Loading({ label, heights }: { label: string; heights: readonly number[] }) {
  return (
    <div className="stack" role="status" aria-label={`Loading ${label}`}>
      {heights.map((height, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars have no identity
        <Skeleton key={i} height={height} />
      ))}
    </div>
  );
}

export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <p>{children}</p>
      {action}
    </div>
  );
}

/** What is wrong, in a sentence, with its way out. */
export function Notice({ kind, title, children }: { kind: "bad" | "warn"; title: string; children?: ReactNode }) {
  const Icon = kind === "bad" ? CircleAlert : TriangleAlert;
  return (
    <div className={`notice ${kind}`} role={kind === "bad" ? "alert" : "note"}>
      <Icon size={16} aria-hidden />
      <div className="stack tight">
        <strong>{title}</strong>
        {children}
      </div>
    </div>
  );
}

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const known = error instanceof ApiError;
  return (
    <Notice kind="bad" title={known ? error.title : "This page failed"}>
      <p>{known ? error.detail : String(error instanceof Error ? error.message : error)}</p>
      {known && error.requestId && <p className="small soft">Request {error.requestId}</p>}
      {onRetry && (
        <p>
          <button type="button" className="button" onClick={onRetry}>
            Try again
          </button>
        </p>
      )}
    </Notice>
  );
}
