import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useMemo, useState } from "react";
import { download, fileName } from "@/charts/download";
import { count } from "@/format";
import { Answer } from "@/ui/Answer";
import { Empty } from "@/ui/faces";
import { useJob } from "./JobPage";
import { find, nextHit, type Wish, written } from "./log/find";
import { Lines } from "./log/Lines";
import { LogBar } from "./log/LogBar";
import { type LogLine, logBegunQuery, logQuery } from "./queries";

/** What the job wrote. */
export function JobLog() {
  const job = useJob();
  const query = useQuery(logQuery(job.id));
  const begun = useQuery(logBegunQuery(job.id)).data;
  const lines = query.data ?? (query.isError ? undefined : begun);
  if (lines) return <Log all={lines} name={job.name} whole={query.data !== undefined} />;
  return (
    <Answer query={query} label="the log" heights={[32, 480]}>
      {() => null}
    </Answer>
  );
}

function Log({ all, name, whole }: { all: readonly LogLine[]; name: string; whole: boolean }) {
  const search = useSearch({ from: "/shell/jobs/$id/log" });
  const navigate = useNavigate({ from: "/jobs/$id/log" });
  const marked = search.line;
  const [following, setFollowing] = useState(marked === undefined);
  const { level = "debug", text = "", only = false } = search;
  const wish = useMemo<Wish>(() => ({ level, text, only }), [level, text, only]);
  const wrap = !search.nowrap;
  // A hundred thousand lines take a moment to search: typing does not wait for it.
  const calm = useDeferredValue(wish);
  const found = useMemo(() => find(all, calm), [all, calm]);
  const firstError = useMemo(() => all.find((line) => line.level === "error")?.seq, [all]);

  const set = (change: Partial<Wish> & { wrap?: boolean; marked?: number | undefined }) => {
    const next = { ...wish, wrap, marked, ...change };
    if (change.marked !== undefined) setFollowing(false);
    void navigate({
      search: ({ level: _, text: __, only: ___, nowrap: ____, line: _____, ...others }) => ({
        ...others,
        ...(next.level !== "debug" ? { level: next.level } : {}),
        ...(next.text ? { text: next.text } : {}),
        ...(next.only && next.text ? { only: true as const } : {}),
        ...(next.wrap ? {} : { nowrap: true as const }),
        ...(next.marked !== undefined ? { line: next.marked } : {}),
      }),
      replace: true,
      resetScroll: false,
    });
  };
  const step = (by: 1 | -1) => {
    const hit = nextHit(found, marked, by);
    if (hit) set({ marked: hit.seq });
  };
  return (
    <>
      <LogBar
        wish={wish}
        wrap={wrap}
        found={found}
        marked={marked}
        following={following}
        firstError={firstError}
        onChange={set}
        onStep={step}
        onFollow={() => setFollowing(!following)}
        onDownload={() =>
          download(`${fileName(name)}.log`, new Blob([written(all)], { type: "text/plain;charset=utf-8" }))
        }
      />
      <div className="card flush">
        {found.lines.length === 0 ? (
          <Empty>{all.length === 0 ? "Nothing has been written yet." : "No line matches."}</Empty>
        ) : (
          <Lines
            lines={found.lines}
            text={calm.text}
            marked={marked}
            onMark={(seq) => set({ marked: seq === marked ? undefined : seq })}
            wrap={wrap}
            following={following}
            onFollow={setFollowing}
          />
        )}
      </div>
      <p className="small soft" role="status">
        {found.lines.length === all.length ? count(all.length) : `${count(found.lines.length)} of ${count(all.length)}`}{" "}
        lines{whole ? "" : " so far, more are on their way"}
      </p>
    </>
  );
}
