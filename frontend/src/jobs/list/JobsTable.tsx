import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { usePlainShortcuts } from "@/shortcuts/plain";
import { useMedia } from "@/ui/useMedia";
import type { Job } from "../queries";
import { type Column, leastWidth } from "./columns";
import { Head } from "./Head";
import { Row } from "./Row";
import type { JobsSearch } from "./search";
import { allOrNothing, ranged, type Selection, toggled } from "./selection";
import { useRowKeys } from "./useRowKeys";

const HEAD = 36;
const HEIGHT = 56;
const TALL = 92; // on a phone, where a row is a small card
const AHEAD = 4; // rows that stand for those that come
const EARLY = 30; // rows before the end at which more are asked for

interface Props {
  jobs: readonly Job[];
  columns: readonly Column[];
  search: JobsSearch;
  selection: Selection;
  onSelect: (change: (selection: Selection) => Selection) => void;
  /** How many there are in all; null where nobody has counted. */
  total: number | null;
  hasMore: boolean;
  loadMore: () => void;
  /** Which rows are seen, from one place to another. */
  onSee: (from: number, to: number) => void;
}

/** As many rows as are seen, of as many as there are. */
export function JobsTable(props: Props) {
  const { jobs, columns, search, selection, onSelect, total, hasMore, loadMore, onSee } = props;
  const scroller = useRef<HTMLElement>(null);
  const phone = useMedia("(max-width: 639px)");
  const [current, setCurrent] = useState<string | null>(null);
  const order = useMemo(() => jobs.map((job) => job.id), [jobs]);
  const place = current === null ? -1 : order.indexOf(current);
  const height = phone ? TALL : HEIGHT;
  const count = jobs.length + (hasMore ? AHEAD : 0);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (i) => order[i] ?? `ahead ${i}`,
    overscan: 12,
    paddingStart: phone ? 0 : HEAD,
    scrollPaddingStart: phone ? 0 : HEAD,
    initialRect: { width: 1200, height: 800 },
    // The row that has the focus stays where it is, also out of sight.
    rangeExtractor: (range) => {
      const seen = defaultRangeExtractor(range);
      return place < 0 || seen.includes(place) ? seen : [...seen, place].sort((a, b) => a - b);
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another height are measured anew
  useEffect(() => virtual.measure(), [height]);

  const { startIndex = 0, endIndex = 0 } = virtual.range ?? {};
  useEffect(() => onSee(startIndex, endIndex), [onSee, startIndex, endIndex]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a page that brings nothing new must not ask for the next
  useEffect(() => {
    if (hasMore && endIndex >= jobs.length - EARLY) loadMore();
  }, [hasMore, endIndex, jobs.length]);

  const choose = useCallback(
    (id: string, range: boolean) => {
      setCurrent(id);
      onSelect((old) => (range ? ranged(old, id, order) : toggled(old, id)));
    },
    [onSelect, order],
  );
  useRowKeys({
    scroller,
    order,
    current,
    letters: usePlainShortcuts(),
    move: (id) => {
      setCurrent(id);
      virtual.scrollToIndex(order.indexOf(id));
    },
    choose,
    clear: () => onSelect(() => ({ ids: new Set(), anchor: null })),
  });

  const chosen = selection.ids.size === 0 ? "none" : order.every((id) => selection.ids.has(id)) ? "all" : "some";
  const items = virtual.getVirtualItems();
  let end = phone ? 0 : HEAD;
  return (
    <section
      className="jobs-scroll"
      ref={scroller}
      aria-label="Jobs"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
    >
      <table
        className="jobs-table"
        aria-rowcount={total === null ? (hasMore ? -1 : jobs.length + 1) : total + 1}
        style={{ "--least": `${leastWidth(columns)}px` } as CSSProperties}
      >
        <Head
          search={search}
          columns={columns}
          chosen={chosen}
          onChooseAll={() => onSelect((old) => allOrNothing(old, order))}
        />
        <tbody>
          {items.map((item) => {
            const gap = item.start - end;
            end = item.end;
            const job = jobs[item.index];
            return [
              gap > 0 && <Gap key={`before ${item.key}`} height={gap} />,
              job ? (
                <Row
                  key={job.id}
                  job={job}
                  index={item.index}
                  columns={columns}
                  chosen={selection.ids.has(job.id)}
                  current={place < 0 ? item.index === 0 : item.index === place}
                  onChoose={choose}
                />
              ) : (
                <Coming key={item.key} height={height} columns={columns.length + 1} />
              ),
            ];
          })}
          {virtual.getTotalSize() > end && <Gap height={virtual.getTotalSize() - end} />}
        </tbody>
      </table>
    </section>
  );
}

/** The room of rows that are not drawn. */
const Gap = ({ height }: { height: number }) => (
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can have the focus
  <tr aria-hidden="true" className="gap">
    <td style={{ height }} />
  </tr>
);

const Coming = ({ height, columns }: { height: number; columns: number }) => (
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can have the focus
  <tr aria-hidden="true" className="coming">
    <td colSpan={columns} style={{ height }}>
      <span className="skeleton" />
    </td>
  </tr>
);
