/** What became of one of many. */
export interface Failed<Item> {
  item: Item;
  error: unknown;
}

/**
 * Does the same with many, a few at a time; one that fails does not stop the others. `onStep` hears after each how many
 * are done. A given-up signal lets what is under way end and begins no other.
 *
 * @returns those that failed, in the order of the items
 */
export async function each<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<unknown>,
  { atOnce = 4, onStep, signal }: { atOnce?: number; onStep?: (done: number) => void; signal?: AbortSignal } = {},
): Promise<Failed<Item>[]> {
  const failed: (Failed<Item> & { at: number })[] = [];
  let next = 0;
  let done = 0;
  const hand = async () => {
    while (next < items.length && !signal?.aborted) {
      const at = next++;
      const item = items[at] as Item;
      await work(item).catch((error: unknown) => failed.push({ item, error, at }));
      onStep?.(++done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, hand));
  return failed.sort((a, b) => a.at - b.at).map(({ item, error }) => ({ item, error }));
}
