import { ago } from "@/format";
import { useNow } from "@/ui/useNow";

/** While a worker reads what was brought: how far it says it is. */
export function Reading({ what, since, progress }: { what: string; since: string; progress?: string | null }) {
  const now = useNow(1_000);
  return (
    <div className="stack tight" role="status">
      <span className="bar wandering" aria-hidden="true">
        <span />
      </span>
      <p className="small soft wrap">
        {progress || `A worker reads the ${what} and checks every part`} · asked for {ago(since, now)}; you may leave
        this page.
      </p>
    </div>
  );
}
