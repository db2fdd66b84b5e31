import { chartSearch, PLAIN, searchOf, settingsOf } from "./settings";

test("what is as it always is, is not said; everything else comes back as it was", () => {
  expect(searchOf(PLAIN)).toEqual({});
  const settings = { zoom: [120.25, 480], hide: ["student small"], smooth: 0.6, log: true, x: "time" } as const;
  const search = searchOf(settings);
  expect(search).toEqual({ zoom: "120.25-480", hide: ["student small"], smooth: 0.6, log: true, x: "time" });
  expect(settingsOf(chartSearch(search))).toEqual(settings);
  expect(settingsOf({})).toEqual(PLAIN);
});

test("nonsense in an address counts as not there", () => {
  const nonsense = { zoom: "480-120", hide: "small", smooth: "much", log: "yes", x: "moon" };
  expect(chartSearch(nonsense)).toEqual({});
  expect(chartSearch({ zoom: [1, 2], hide: [1, "", "a", "a"], smooth: 7, log: false })).toEqual({
    hide: ["a"],
    smooth: 0.99,
  });
  expect(chartSearch({ zoom: "-5-9" })).toEqual({});
});
