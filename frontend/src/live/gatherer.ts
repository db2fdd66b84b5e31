import type { Again } from "./changed";

interface Pace {
  /** Milliseconds from the first wish to the question. */
  soon: number;
  /** Milliseconds between one answer and the next question. */
  pause: number;
}

/**
 * Many frames, one question: wishes are gathered, each key once, and asked a moment later. The next round waits until
 * the last was answered, so that a slow service is never asked faster than it can answer; and none is asked while
 * nobody looks.
 */
export class Gatherer {
  private wishes = new Map<string, Again>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking = false;
  private answered = Number.NEGATIVE_INFINITY;
  private resting = false;

  constructor(
    private readonly ask: (again: Again[]) => Promise<unknown>,
    private readonly pace: Pace = { soon: 200, pause: 1500 },
    private readonly now: () => number = () => performance.now(),
  ) {}

  add(wishes: readonly Again[]): void {
    for (const wish of wishes) {
      const name = JSON.stringify(wish.key);
      const known = this.wishes.get(name);
      // Everything below a key includes the key itself.
      this.wishes.set(name, known && !known.exact ? known : wish);
    }
    this.schedule();
  }

  /** While a tab is not seen its questions wait. */
  rest(resting: boolean): void {
    this.resting = resting;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.schedule();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.wishes.clear();
  }

  private schedule(): void {
    if (this.timer !== undefined || this.asking || this.resting || this.wishes.size === 0) return;
    const wait = Math.max(this.pace.soon, this.answered + this.pace.pause - this.now());
    this.timer = setTimeout(() => void this.round(), wait);
  }

  private async round(): Promise<void> {
    this.timer = undefined;
    this.asking = true;
    const wishes = [...this.wishes.values()];
    this.wishes.clear();
    try {
      await this.ask(wishes);
    } finally {
      this.asking = false;
      this.answered = this.now();
      this.schedule();
    }
  }
}
