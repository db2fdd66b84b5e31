const WINDOW = 8_000; // milliseconds

/** How fast bytes go, over the last seconds: a mean of the whole would take minutes to notice a change. */
export class Pace {
  private seen: { at: number; bytes: number }[] = [];

  add(bytes: number, at = performance.now()): void {
    this.seen.push({ at, bytes });
    while (this.seen.length > 2 && (this.seen[1]?.at ?? at) < at - WINDOW) this.seen.shift();
  }

  /** Bytes per second; null before there is anything to tell from. */
  get rate(): number | null {
    const first = this.seen[0];
    const last = this.seen.at(-1);
    if (!first || !last || last.at - first.at < 500) return null;
    return Math.max(0, (1000 * (last.bytes - first.bytes)) / (last.at - first.at));
  }
}
