/** Figures as people read them: a thin space before a unit, no more digits than the measurement has. */

const THIN = "\u202f"; // narrow, and no place for a line break
const MINUS = "\u2212";
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 0.9712 -> "97.1 %" */
export function percent(share: number | null | undefined, digits = 1): string {
  return share == null ? "–" : `${percentage(share, digits)}${THIN}%`;
}

/** With so many digits, as the service writes it: what lies exactly between two goes to the even one, 76.25 to 76.2. */
function fixed(value: number, digits: number): string {
  const between = Math.abs((value * 2 ** (digits + 1)) % 2) === 1;
  const size = 10 ** digits;
  const text = (between ? (2 * Math.round((value * size) / 2)) / size : value).toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text; // nothing is not below nothing
}

/** 0.9712 -> "97.1": for places where the unit stands already. */
export function percentage(share: number | null | undefined, digits = 1): string {
  return share == null ? "–" : fixed(100 * share, digits).replace("-", MINUS);
}

/** "(-1.1, 96.3% of" -> "(−1.1, 96.3 % of", in a text that came from elsewhere. */
export const spaced = (text: string): string =>
  text
    .replace(/\btop-(?=\d)/g, "top\u2011") // a line must not end between the two
    .replace(/(\d)[ \u00a0]?%/g, `$1${THIN}%`)
    .replace(/(^|[\s(])-(?=0\.0(?!\d))/g, "$1") // as older verdicts have it
    .replace(/(^|[\s(])-(?=\d)/g, `$1${MINUS}`);

/** A difference of two shares in percentage points, with its sign: 0.046 -> "+4.6" */
export function points(difference: number | null | undefined): string {
  if (difference == null) return "–";
  const text = fixed(Math.abs(100 * difference), 1);
  if (text === "0.0") return "±0.0";
  return (difference < 0 ? MINUS : "+") + text;
}

/** An interval of shares around `share`, in percentage points: "±1.0", or "[97.0, 100]" where 0 or 100 % cuts it. */
export function plusMinus(share: number | null | undefined, interval: readonly number[] | null | undefined): string {
  const [low, high] = interval ?? [];
  if (share == null || low === undefined || high === undefined) return "";
  const half = (high - low) / 2;
  const edge = (value: number) => (value === 0 || value === 1 ? String(100 * value) : percentage(value));
  return share - half < 0 || share + half > 1 ? `[${edge(low)}, ${edge(high)}]` : `±${fixed(100 * half, 1)}`;
}

/** 7380 -> "2 h 3 min" */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return "–";
  const total = Math.max(0, Math.round(seconds));
  const unit = (n: number, name: string) => `${n}${THIN}${name}`;
  const two = (a: string, n: number, name: string) => (n ? `${a} ${unit(n, name)}` : a);
  if (total < 60) return unit(total, "s");
  if (total < 600) return two(unit(Math.floor(total / 60), "min"), total % 60, "s");
  const minutes = Math.round(total / 60);
  if (minutes < 60) return unit(minutes, "min");
  if (minutes < 24 * 60) return two(unit(Math.floor(minutes / 60), "h"), minutes % 60, "min");
  const hours = Math.round(minutes / 60);
  return two(unit(Math.floor(hours / 24), "d"), hours % 24, "h");
}

function scaled(n: number, base: number, units: readonly string[]): string {
  let value = n;
  let i = 0;
  while (Math.abs(value) >= base * 0.9995 && i < units.length - 1) {
    value /= base;
    i++;
  }
  const digits = i === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)}${units[i] ? THIN + units[i] : ""}`;
}

/** 5300000 -> "5.3 M" */
export function parameters(n: number | null | undefined): string {
  return n == null ? "–" : scaled(n, 1000, ["", "k", "M", "G"]);
}

/** 1126400 -> "1.1 MB" */
export function bytes(n: number | null | undefined): string {
  return n == null ? "–" : scaled(n, 1000, ["B", "kB", "MB", "GB", "TB"]);
}

/** 4120 -> "4,120" */
export function count(n: number | null | undefined): string {
  return n == null ? "–" : whole.format(n);
}

/** 3.49 -> "3.5": as many digits as the service's sentences have. */
export const times = (ratio: number): string => ratio.toFixed(1);

/** "1 student", "3 students" */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Four significant digits, without an exponent where it can be helped: 0.05, 1.234, 3.1e-7 */
export function plain(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return value.toExponential(1).replace("-", MINUS).replace("e+", "e");
  return String(Number(value.toPrecision(4))).replace("-", MINUS);
}

/** "12 s ago", "2 h ago", then the date. */
export function ago(time: string | null | undefined, now = Date.now()): string {
  if (!time) return "–";
  const seconds = (now - Date.parse(time)) / 1000;
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)}${THIN}s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${THIN}min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}${THIN}h ago`;
  return new Date(time).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
}

/** The local date and time, to the second. */
export function moment(time: string | null | undefined): string {
  if (!time) return "–";
  const at = new Date(time);
  const date = at.toLocaleDateString("en", { day: "numeric", month: "short" });
  return `${date}, ${at.toLocaleTimeString("en", { hourCycle: "h23" })}`;
}

/** "14:05", as the reader's browser writes it. */
export const clock = (time: number | string): string =>
  new Date(time).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });

/** "3 Dec 2026", as the reader's browser writes it. */
export const day = (time: string | null | undefined): string =>
  time ? new Date(time).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" }) : "–";

/** Seconds between two times; the second defaults to now. */
export function elapsed(from: string | null | undefined, to?: string | null): number | null {
  return from ? ((to ? Date.parse(to) : Date.now()) - Date.parse(from)) / 1000 : null;
}

/** cifar/resnet20 -> resnet20 */
export function short(architecture: string | null | undefined): string {
  return architecture?.split("/").pop() ?? "–";
}
