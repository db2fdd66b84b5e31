import type { Again } from "./changed";
import { Gatherer } from "./gatherer";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const jobs: Again = { key: ["jobs", "list"] };
const one: Again = { key: ["jobs", "job_1"], exact: true };

function setUp() {
  const rounds: Again[][] = [];
  let answer: () => void = () => undefined;
  const ask = (again: Again[]) => {
    rounds.push(again);
    return new Promise<void>((done) => {
      answer = done;
    });
  };
  const gatherer = new Gatherer(ask, { soon: 100, pause: 1000 }, Date.now);
  return { gatherer, rounds, answer: () => answer() };
}

test("many wishes are one round, each key once", async () => {
  const { gatherer, rounds } = setUp();
  for (let i = 0; i < 50; i++) gatherer.add([jobs, one]);
  expect(rounds).toEqual([]);
  await vi.advanceTimersByTimeAsync(100);
  expect(rounds).toEqual([[jobs, one]]);
});

test("the next round waits for the answer of the last, and a pause behind it", async () => {
  const { gatherer, rounds, answer } = setUp();
  gatherer.add([jobs]);
  await vi.advanceTimersByTimeAsync(100);
  gatherer.add([one]);
  await vi.advanceTimersByTimeAsync(60_000); // a slow service is not asked again before it has answered
  expect(rounds).toHaveLength(1);
  answer();
  await vi.advanceTimersByTimeAsync(999);
  expect(rounds).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(rounds).toEqual([[jobs], [one]]);
});

test("a key with all below it takes in the key alone", async () => {
  const { gatherer, rounds } = setUp();
  const all: Again = { key: ["jobs", "job_1"] };
  gatherer.add([one, all, one]);
  await vi.advanceTimersByTimeAsync(100);
  expect(rounds).toEqual([[all]]);
});

test("while nobody looks nothing is asked, and nothing is forgotten", async () => {
  const { gatherer, rounds } = setUp();
  gatherer.rest(true);
  gatherer.add([jobs]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(rounds).toEqual([]);
  gatherer.rest(false);
  await vi.advanceTimersByTimeAsync(100);
  expect(rounds).toEqual([[jobs]]);
});
