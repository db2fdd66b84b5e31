import { type Item, ranked, score } from "./items";

export interface Group {
  name: string;
  items: Item[];
}

/**
 * What answers to the text, in its groups: the group with the best answer first, and everything once, in the first
 * group that has it.
 */
export function grouped(groups: readonly Group[], text: string): Group[] {
  const seen = new Set<string>();
  const left = groups.map((group) => ({
    name: group.name,
    items: ranked(group.items, text).filter(({ id }) => !seen.has(id) && seen.add(id)),
  }));
  const best = ({ items: [first] }: Group) => (first ? score(first.title, text, first.also) : 0);
  const full = left.filter(({ items }) => items.length > 0);
  return text.trim() ? full.sort((a, b) => best(b) - best(a)) : full;
}
