import type { Changed } from "@/live/changed";

/** The browser's stream, by hand: the test says what comes. */
export class Stream extends EventTarget {
  static readonly CLOSED = 2;
  static last: Stream | null = null;
  static opened = 0;
  readyState = 1;
  onerror: (() => void) | null = null;

  constructor(readonly url: string) {
    super();
    Stream.last = this;
    Stream.opened++;
  }

  private say(type: string, data: object) {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data) }));
  }

  hello() {
    this.say("hello", { object: "hello" });
  }

  changed(change: Partial<Changed>) {
    this.say("changed", { object: "job", id: "job_1", status: null, last_event: null, ...change });
  }

  close() {
    this.readyState = Stream.CLOSED;
  }
}
