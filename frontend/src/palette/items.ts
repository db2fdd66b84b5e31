import type { LucideIcon } from "lucide-react";

/** Something the palette can lead to or do. */
export interface Item {
  /** Unique in the list, and stable while its answer changes. */
  id: string;
  title: string;
  /** What it is, or where it belongs. */
  note?: string;
  /** Other words by which it can be found. */
  also?: string;
  keys?: string;
  icon?: LucideIcon;
  run: () => void;
}

const lower = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

const EXACT = 100;
const START = 80;
const WORD = 60;
const INSIDE = 40;
const ALSO = 20;
const LETTERS = 5;

/** How well a title answers what was typed; 0: not at all. */
export function score(title: string, text: string, also = ""): number {
  const [name, wanted] = [lower(title), lower(text.trim())];
  if (!wanted) return 1;
  if (name === wanted) return EXACT;
  if (name.startsWith(wanted)) return START;
  const at = name.indexOf(wanted);
  if (at > 0) return /[\s\-_/.,:]/.test(name[at - 1] as string) ? WORD : INSIDE;
  const words = wanted.split(/\s+/);
  if (words.length > 1 && words.every((word) => name.includes(word))) return INSIDE;
  if (words.every((word) => `${name} ${lower(also)}`.includes(word))) return ALSO;
  return scattered(name, wanted) ? LETTERS : 0;
}

/** All letters in their order, whatever stands between them, the first at the start of a word: "njb" finds "new job". */
function scattered(name: string, wanted: string): boolean {
  if (wanted.length < 2 || wanted.length > 8) return false;
  let at = name.search(new RegExp(`(^|[\\s\\-_/])${escaped(wanted[0] as string)}`));
  if (at < 0) return false;
  for (const letter of wanted) {
    at = name.indexOf(letter, at);
    if (at < 0) return false;
    at++;
  }
  return true;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Those that answer, the best first; equals stay in the order they came. */
export function ranked(items: readonly Item[], text: string): Item[] {
  return items
    .map((item, place) => ({ item, place, score: score(item.title, text, item.also) }))
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score || a.place - b.place)
    .map((one) => one.item);
}
