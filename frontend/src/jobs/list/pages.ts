/** A list that grows by pages, of which one is asked for again while the others stay. */
export interface Page<Row> {
  data: Row[];
  next?: string | null;
}

/** The rows of all pages, each once: a row that moved to another page while it was read is where it is seen first. */
export function rowsOf<Row extends { id: string }>(pages: readonly Page<Row>[]): Row[] {
  const seen = new Set<string>();
  return pages.flatMap((page) => page.data.filter((row) => !seen.has(row.id) && seen.add(row.id)));
}

/**
 * The pages after the n-th was asked for again, from the same place. It still ends where the next one begins: rows that
 * newer ones pushed beyond its end stay in it, and rows that moved up from the next one are taken from there.
 */
export function refreshed<Row extends { id: string }>(
  pages: readonly Page<Row>[],
  n: number,
  fresh: Page<Row>,
): Page<Row>[] {
  const old = pages[n];
  if (!old) return [...pages];
  const last = n === pages.length - 1;
  const known = new Set(fresh.data.map((row) => row.id));
  const end = old.data.at(-1)?.id;
  const at = fresh.data.findIndex((row) => row.id === end);
  let page: Page<Row>;
  if (at >= 0) {
    page = last ? fresh : { data: fresh.data.slice(0, at + 1), next: old.next ?? null };
  } else if (last || !fresh.next) {
    page = fresh;
  } else {
    const later = new Set(pages.slice(n + 1).flatMap((one) => one.data.map((row) => row.id)));
    const from = old.data.findIndex((row) => row.id === fresh.data.at(-1)?.id);
    const pushed = from < 0 ? [] : old.data.slice(from + 1).filter((row) => !known.has(row.id));
    page = { data: [...fresh.data.filter((row) => !later.has(row.id)), ...pushed], next: old.next ?? null };
  }
  return pages.map((one, i) => (i === n ? page : one));
}

/** The pages that hold these rows, counted as `rowsOf` does; the last one where the rows lie beyond it. */
export function pagesAt<Row extends { id: string }>(pages: readonly Page<Row>[], from: number, to: number): number[] {
  let start = 0;
  const found = pages.flatMap((page, n) => {
    const end = start + page.data.length;
    const hit = start <= to && end > from;
    start = end;
    return hit ? [n] : [];
  });
  return found.length > 0 ? found : pages.length > 0 ? [pages.length - 1] : [];
}

/** Without rows that are gone. */
export const dropped = <Row extends { id: string }>(pages: readonly Page<Row>[], gone: ReadonlySet<string>) =>
  pages.map((page) => ({ ...page, data: page.data.filter((row) => !gone.has(row.id)) }));
