import { each } from "./bulk";

test("all are done, a few at a time, and one that fails is told", async () => {
  let now = 0;
  let most = 0;
  const steps: number[] = [];
  const failed = await each(
    [...Array(9).keys()],
    async (item) => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      now--;
      if (item % 4 === 1) throw new Error(`no ${item}`);
    },
    { atOnce: 3, onStep: (done) => steps.push(done) },
  );
  expect(most).toBe(3);
  expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(failed).toEqual([
    { item: 1, error: new Error("no 1") },
    { item: 5, error: new Error("no 5") },
  ]);
});

test("given up, no other is begun", async () => {
  const stop = new AbortController();
  const begun: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    if (item === 2) stop.abort();
  };
  await each([1, 2, 3, 4], work, { atOnce: 1, signal: stop.signal });
  expect(begun).toEqual([1, 2]);
});
