import { Stream } from "@/testing/stream";
import { type Heard, Line } from "./line";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setUp() {
  const line = new Line();
  const heard: Heard["type"][] = [];
  line.hear(({ type }) => heard.push(type));
  const before = Stream.opened;
  line.open();
  return { line, heard, opened: () => Stream.opened - before, stream: () => Stream.last as Stream };
}

test("a line that stands says so, each time it stands again", () => {
  const { line, heard, stream } = setUp();
  expect(line.connection().state).toBe("connecting");
  stream().hello();
  stream().changed({});
  expect(line.connection().state).toBe("live");
  stream().onerror?.(); // the browser comes back by itself
  expect(line.connection().state).toBe("reconnecting");
  stream().hello();
  expect(heard).toEqual(["hello", "changed", "hello"]);
  line.close();
});

test("a line that was refused is opened anew, ever more slowly", async () => {
  const { line, opened, stream } = setUp();
  const refuse = () => {
    stream().readyState = Stream.CLOSED;
    stream().onerror?.();
  };
  refuse();
  const since = line.connection().since;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(opened()).toBe(2);
  refuse();
  await vi.advanceTimersByTimeAsync(3_999);
  expect(opened()).toBe(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(opened()).toBe(3);
  expect(line.connection()).toEqual({ state: "reconnecting", since });
  line.close();
});

test("a line at rest holds no connection until it is opened", () => {
  const { line, opened, stream } = setUp();
  line.rest();
  expect(stream().readyState).toBe(Stream.CLOSED);
  expect(line.connection().state).toBe("resting");
  line.open();
  line.open();
  expect(opened()).toBe(2);
  line.close();
});
