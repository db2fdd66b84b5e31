import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useLayoutEffect, useRef } from "react";
import type { LogLine } from "../queries";
import { parts } from "./find";

interface Props {
  lines: readonly LogLine[];
  text: string;
  /** The number of the line that is marked. */
  marked: number | undefined;
  onMark: (seq: number) => void;
  wrap: boolean;
  following: boolean;
  onFollow: (following: boolean) => void;
}

const NEAR = 24;
const ROW = 22;
const clock = new Intl.DateTimeFormat("en", { timeStyle: "medium", hourCycle: "h23" });

/** The lines that are seen, of any number. It follows the end until someone scrolls up, and again once they are back. */
export function Lines({ lines, text, marked, onMark, wrap, following, onFollow }: Props) {
  const scroller = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: (i) => lines[i]?.seq ?? i,
    overscan: 20,
  });
  const total = rows.getTotalSize();
  useFollowing(scroller, following, total);
  const at = marked === undefined ? -1 : lines.findIndex((line) => line.seq === marked);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines do not call a reader back to the marked one
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at, { align: "center" });
  }, [marked, at >= 0]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whether lines are broken changes all heights
  useLayoutEffect(() => rows.measure(), [wrap]);
  return (
    <section
      className={`log ${wrap ? "" : "unwrapped"}`}
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label="Log"
      onScroll={({ currentTarget: list }) => {
        const end = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
        if (end !== following) onFollow(end);
      }}
    >
      <ol style={{ height: total }}>
        {rows.getVirtualItems().map((row) => {
          const line = lines[row.index] as LogLine;
          return (
            <li
              key={row.key}
              ref={rows.measureElement}
              data-index={row.index}
              className={`${line.level} ${line.seq === marked ? "marked" : ""}`}
              style={{ transform: `translateY(${row.start}px)` }}
              aria-setsize={lines.length}
              aria-posinset={row.index + 1}
              aria-current={line.seq === marked ? "true" : undefined}
            >
              <button type="button" className="at soft" title={line.created_at} onClick={() => onMark(line.seq)}>
                <span className="unseen">Mark the line of </span>
                <time dateTime={line.created_at}>{clock.format(Date.parse(line.created_at))}</time>
              </button>
              <span className="level soft">{line.level}</span>
              <span className="said">
                {parts(line.message, text).map((part, i) =>
                  // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text have no identity
                  i % 2 ? <mark key={i}>{part}</mark> : part,
                )}
              </span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** Keeps the end in sight; `total` is how high all lines are by now. */
function useFollowing(scroller: RefObject<HTMLElement | null>, following: boolean, total: number) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: every new line moves the end
  useLayoutEffect(() => {
    const list = scroller.current;
    if (list && following) list.scrollTop = list.scrollHeight;
  }, [scroller, following, total]);
}
