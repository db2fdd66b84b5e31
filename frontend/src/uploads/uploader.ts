import { ApiError, api, type Schema, take } from "@/api/client";
import { service } from "@/api/root";
import { FileGone, type Hasher, hashFile } from "./hash";
import { nap } from "./nap";
import { Pace } from "./pace";
import { sendPart } from "./send";

export type Upload = Schema<"UploadRead">;
export type Purpose = Upload["purpose"];

export interface UploadState {
  /** checking: the hash is taken · waiting: the service is away, and it goes on by itself · finishing: put together */
  phase: "checking" | "sending" | "waiting" | "paused" | "finishing" | "complete" | "failed";
  /** Bytes whose hash is taken, and bytes that have arrived or are under way. */
  checked: number;
  sent: number;
  /** Bytes per second, and seconds to go, once they can be told. */
  rate: number | null;
  left: number | null;
  /** Whether the service had all of it, or some of it, before. */
  known: "nothing" | "some" | "all";
  upload: Upload | null;
  /** What it waits for, or why it failed. */
  error: Error | null;
}

const LANES = 3;
const ROUNDS = 3; // beginnings anew when the service has dropped the upload meanwhile
const WAITS = [1, 2, 4, 8, 15]; // seconds between tries; the last one repeats
const ACTIVE: readonly UploadState["phase"][] = ["checking", "sending", "waiting", "finishing"];

export const isActive = (state: UploadState | null) => state !== null && ACTIVE.includes(state.phase);

/** Worth another try: no answer, or one that says "later". */
const passing = (error: unknown) =>
  error instanceof ApiError && (error.status === 0 || error.status >= 500 || error.status === 429);

/**
 * Brings one file to the service, whatever comes between: it finds the same bytes by their hash, complete or begun,
 * sends what is missing in parts, and waits while the service is away.
 */
export class Uploader {
  state: UploadState = {
    phase: "checking",
    checked: 0,
    sent: 0,
    rate: null,
    left: null,
    known: "nothing",
    upload: null,
    error: null,
  };
  private readonly listeners = new Set<() => void>();
  private stop = new AbortController();
  private sha256: string | null = null;
  private pace = new Pace();
  private arrived = 0;
  private readonly underWay = new Map<number, number>();
  private step: "checking" | "sending" | "finishing" = "checking";
  /** Pieces of work that go on, and those of them whose last try failed. */
  private busy = 0;
  private trouble = 0;

  constructor(
    readonly file: File,
    readonly purpose: Purpose,
    private readonly hash: Hasher = hashFile,
    private readonly waits: readonly number[] = WAITS,
  ) {}

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  /** Begin, or go on. */
  start = (): void => {
    this.stop = new AbortController();
    this.pace = new Pace();
    this.underWay.clear();
    this.enter(this.sha256 ? "sending" : "checking");
    window.addEventListener("beforeunload", warn);
    this.bring(this.stop.signal).catch((error: unknown) => {
      if (this.stop.signal.aborted) return;
      this.end({ phase: "failed", error: error instanceof Error ? error : new Error(String(error)) });
    });
  };

  pause = (): void => {
    this.stop.abort();
    this.end({ phase: "paused", rate: null, left: null });
  };

  /** Stop for good; what has arrived is given back. */
  cancel = async (): Promise<void> => {
    const { upload } = this.state;
    this.pause();
    if (upload?.status === "open")
      await take(api.DELETE("/v1/uploads/{upload_id}", path(upload))).catch(() => undefined);
  };

  private async bring(signal: AbortSignal): Promise<void> {
    this.sha256 ??= await this.hash(this.file, (checked) => this.tell({ checked }), signal);
    for (let round = 1; ; round++) {
      this.busy = this.trouble = 0;
      try {
        const upload = await this.find(this.sha256, signal);
        if (upload.status !== "complete") await this.send(upload, signal);
        return this.end({ phase: "complete", sent: this.file.size, rate: null, left: null });
      } catch (error) {
        // Dropped, completed by another page, or damaged on the way: what is true now is found out again.
        const again = error instanceof ApiError && [404, 409, 422].includes(error.status) && round < ROUNDS;
        if (!again) throw error;
        if (error.code === "upload_mismatch") await this.discard();
      }
    }
  }

  private async discard(): Promise<void> {
    const { upload } = this.state;
    if (upload) await take(api.DELETE("/v1/uploads/{upload_id}", path(upload))).catch(() => undefined);
  }

  /** The upload of these very bytes, complete or begun; else a new one. */
  private find(sha256: string, signal: AbortSignal): Promise<Upload> {
    return this.persist(async () => {
      const query = { sha256, purpose: this.purpose, limit: 100 };
      const { data } = await take(api.GET("/v1/uploads", { params: { query }, signal }));
      const same = data.filter((one) => one.bytes === this.file.size);
      const old = same.find((one) => one.status === "complete") ?? same[0];
      const body = { filename: this.file.name.slice(-200), bytes: this.file.size, purpose: this.purpose, sha256 };
      const upload = old ?? (await take(api.POST("/v1/uploads", { body, signal })));
      const known = upload.status === "complete" ? "all" : upload.parts.length > 0 ? "some" : "nothing";
      this.tell({ upload, known });
      return upload;
    }, signal);
  }

  private async send(upload: Upload, signal: AbortSignal): Promise<void> {
    const there = new Set(upload.parts.map((part) => part.n));
    const missing = Array.from({ length: upload.part_count }, (_, i) => i + 1).filter((n) => !there.has(n));
    this.arrived = upload.parts.reduce((sum, part) => sum + part.bytes, 0);
    this.enter("sending");
    this.advance();
    const lanes = new AbortController(); // one lane that fails stops the others
    const either = AbortSignal.any([signal, lanes.signal]);
    const lane = async () => {
      for (let n = missing.shift(); n !== undefined; n = missing.shift()) await this.sendOne(upload, n, either);
    };
    try {
      await Promise.all(Array.from({ length: Math.min(LANES, missing.length) }, lane));
    } finally {
      lanes.abort();
    }
    this.enter("finishing");
    const wish = { ...path(upload), body: { sha256: this.sha256 as string }, signal };
    const complete = await this.persist(() => take(api.POST("/v1/uploads/{upload_id}/complete", wish)), signal);
    this.tell({ upload: complete });
  }

  private async sendOne(upload: Upload, n: number, signal: AbortSignal): Promise<void> {
    const start = (n - 1) * upload.part_size;
    const slice = this.file.slice(start, start + upload.part_size);
    let tries = 0;
    await this.persist(async () => {
      // A server that hangs up on a refusal looks like no answer at all: a short question tells them apart.
      if (tries++) await take(api.GET("/v1/uploads/{upload_id}", { ...path(upload), signal }));
      const body = await slice.arrayBuffer().catch(() => {
        throw new FileGone(this.file.name);
      });
      const url = `${service}/v1/uploads/${upload.id}/parts/${n}`;
      const progress = (bytes: number) => {
        this.underWay.set(n, Math.min(bytes, slice.size));
        this.advance();
      };
      try {
        await sendPart(url, body, progress, signal);
        this.arrived += slice.size;
      } finally {
        this.underWay.delete(n);
        this.advance();
      }
    }, signal);
  }

  /** Until it succeeds, or is refused for good. The page says that it waits while every one of them does. */
  private async persist<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let failing = false;
    const leave = () => {
      if (failing) this.trouble--;
      failing = false;
    };
    this.busy++;
    try {
      for (let i = 0; ; i++) {
        try {
          return await attempt();
        } catch (error) {
          if (signal.aborted || !passing(error)) throw error;
          if (!failing) this.trouble++;
          failing = true;
          this.judge(error as Error);
          await nap(this.waits[Math.min(i, this.waits.length - 1)] ?? 1, signal);
        }
      }
    } finally {
      // What was stopped no longer counts: a new beginning has set the counters back.
      if (!signal.aborted) {
        this.busy--;
        leave();
        this.judge(null);
      }
    }
  }

  private judge(error: Error | null): void {
    if (this.trouble > 0 && this.trouble === this.busy) {
      if (error) this.tell({ phase: "waiting", error, rate: null, left: null });
    } else if (this.state.phase === "waiting") {
      this.pace = new Pace();
      this.tell({ phase: this.step, error: null });
    }
  }

  private enter(step: "checking" | "sending" | "finishing"): void {
    this.step = step;
    this.tell({ phase: step, error: null, rate: null, left: null });
  }

  private advance(): void {
    const sent = this.arrived + [...this.underWay.values()].reduce((sum, bytes) => sum + bytes, 0);
    this.pace.add(sent);
    const { rate } = this.pace;
    this.tell({ sent, rate, left: rate ? (this.file.size - sent) / rate : null });
  }

  private end(change: Partial<UploadState>): void {
    window.removeEventListener("beforeunload", warn);
    this.tell(change);
  }

  private tell(change: Partial<UploadState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}

const path = (upload: Upload) => ({ params: { path: { upload_id: upload.id } } });
/** The browser's own question before a page is left. */
const warn = (event: BeforeUnloadEvent) => event.preventDefault();
