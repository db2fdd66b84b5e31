import { type Dot, type Look, labelled, logTicks } from "./marks";

test("ticks of a logarithmic axis are 1, 2 and 5 times powers of ten, fewer where there is no room", () => {
  expect(logTicks(60_000, 1_200_000, 8)).toEqual([100_000, 200_000, 500_000, 1_000_000]);
  expect(logTicks(900, 1_200_000, 5)).toEqual([1_000, 10_000, 100_000, 1_000_000]);
  expect(logTicks(2.1, 2.9, 5)).toEqual([2.1]);
});

test("names stand beside their dots and never on one another", () => {
  const dot = (key: string, x: number, y: number): Dot => ({
    key,
    name: `network ${key}`,
    x,
    y,
    control: null,
    taught: true,
    origin: false,
    front: true,
  });
  const look = {
    dots: [dot("a", 200, 100), dot("b", 205, 104), dot("c", 210, 108), dot("d", 590, 50)],
    teachers: [{ key: "t", name: "the teacher", x: 200, y: 96 }],
  } as unknown as Look;
  const same = { apply: (value: number) => value, invert: (value: number) => value };
  const labels = labelled(look, same, same, 600);
  expect(labels[0]).toMatchObject({ key: "t", teacher: true });
  expect(labels.find((one) => one.key === "d")?.left).toBeLessThan(590);
  const boxes = labels.map(({ left, top, text }) => ({ left, top, right: left + 7 * text.length, bottom: top + 16 }));
  for (const one of boxes) {
    expect(one.right).toBeLessThanOrEqual(600);
    for (const other of boxes) {
      if (one === other) continue;
      const apart =
        one.left > other.right || other.left > one.right || one.top > other.bottom || other.top > one.bottom;
      expect(apart).toBe(true);
    }
  }
});
