import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useLayoutEffect, useRef, useState } from "react";
import { count } from "@/format";
import { Answer } from "@/ui/Answer";
import { Empty } from "@/ui/faces";
import { useJob } from "./JobPage";
import { type LogLine, logQuery } from "./queries";

const LEVELS = ["debug", "info", "warning", "error"] as const;
type Level = (typeof LEVELS)[number];
const NEAR = 24;
const SHOWN = 2000;

/** What the job wrote. It follows the end until someone scrolls up, and again once they are back. */
export function JobLog() {
  const job = useJob();
  const search = useSearch({ from: "/shell/jobs/$id/log" });
  const navigate = useNavigate({ from: "/jobs/$id/log" });
  const query = useQuery(logQuery(job.id));
  const level: Level = search.level ?? "debug";
  const text = search.text ?? "";
  const set = (change: { level?: Level; text?: string }) => {
    const next = { level, text, ...change };
    void navigate({
      search: {
        ...(next.level !== "debug" ? { level: next.level } : {}),
        ...(next.text ? { text: next.text } : {}),
      },
      replace: true,
    });
  };
  return (
    <Answer query={query} label="the log" heights={[32, 480]}>
      {(lines) => {
        const found = matching(lines, level, text);
        return (
          <>
            <div className="row">
              <fieldset className="row filters">
                <legend className="unseen">Lowest level</legend>
                {LEVELS.map((one) => (
                  <button
                    key={one}
                    type="button"
                    className="button small"
                    aria-pressed={one === level}
                    onClick={() => set({ level: one })}
                  >
                    {one === "debug" ? "all" : one}
                  </button>
                ))}
              </fieldset>
              <div className="search">
                <Search size={16} aria-hidden />
                <input
                  className="input"
                  type="search"
                  aria-label="Search the log"
                  placeholder="Search"
                  value={text}
                  onChange={(event) => set({ text: event.target.value })}
                />
              </div>
              <span className="small soft">
                {found.length === lines.length
                  ? count(lines.length)
                  : `${count(found.length)} of ${count(lines.length)}`}{" "}
                lines
              </span>
            </div>
            <div className="card flush">
              {found.length === 0 ? (
                <Empty>{lines.length === 0 ? "Nothing has been written yet." : "No line matches."}</Empty>
              ) : (
                <Lines lines={found.slice(-SHOWN)} />
              )}
            </div>
          </>
        );
      }}
    </Answer>
  );
}

function matching(lines: readonly LogLine[], level: Level, text: string): LogLine[] {
  const least = LEVELS.indexOf(level);
  const wanted = text.toLowerCase();
  return lines.filter(
    (line) => LEVELS.indexOf(line.level as Level) >= least && line.message.toLowerCase().includes(wanted),
  );
}

function Lines({ lines }: { lines: readonly LogLine[] }) {
  const ref = useRef<HTMLOListElement>(null);
  const [following, setFollowing] = useState(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: every new line moves the end
  useLayoutEffect(() => {
    const list = ref.current;
    if (list && following) list.scrollTop = list.scrollHeight;
  }, [lines, following]);
  return (
    <ol
      className="log"
      ref={ref}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label="Log"
      onScroll={({ currentTarget: list }) =>
        setFollowing(list.scrollHeight - list.scrollTop - list.clientHeight < NEAR)
      }
    >
      {lines.map((line) => (
        <li key={line.seq} className={line.level}>
          <time className="soft" dateTime={line.created_at}>
            {new Date(line.created_at).toLocaleTimeString("en", { hour12: false })}
          </time>
          <span className="level soft">{line.level}</span>
          <span className="said">{line.message}</span>
        </li>
      ))}
    </ol>
  );
}
