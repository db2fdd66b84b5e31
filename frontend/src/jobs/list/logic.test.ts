import { sortedBy } from "@/sort";
import { COLUMNS, columnsOf, toggledColumn } from "./columns";
import { dropped, pagesAt, refreshed, rowsOf } from "./pages";
import { FIRST, filterOf, type JobsSearch, jobsSearch, type Sort, toggledState } from "./search";
import { allOrNothing, NOTHING, ranged, toggled, without } from "./selection";

const ids = (text: string) => [...text].map((id) => ({ id }));
const page = (text: string, next: string | null = text.at(-1) ?? null) => ({ data: ids(text), next });
const told = (pages: { data: { id: string }[] }[]) => pages.map((one) => one.data.map((row) => row.id).join(""));

describe("a list that grows by pages", () => {
  test("a row that moved to another page is told once", () => {
    expect(rowsOf([page("abc"), page("cde")]).map((row) => row.id)).toEqual([..."abcde"]);
  });

  test("new rows on top push the others on, and none is lost", () => {
    expect(told(refreshed([page("abc"), page("def")], 0, page("xab", "b")))).toEqual(["xabc", "def"]);
    expect(told(refreshed([page("xabc"), page("def")], 0, page("yxa", "a")))).toEqual(["yxabc", "def"]);
  });

  test("what was deleted goes, and what moved up is not told twice", () => {
    expect(told(refreshed([page("abc"), page("def")], 0, page("acd", "d")))).toEqual(["ac", "def"]);
    expect(told(refreshed([page("abc"), page("def")], 0, page("abd", "d")))).toEqual(["ab", "def"]);
  });

  test("the last page is what the service says, and how it goes on", () => {
    const pages = refreshed([page("abc"), page("d", null)], 1, page("de", "e"));
    expect(told(pages)).toEqual(["abc", "de"]);
    expect(pages[1]?.next).toBe("e");
  });

  test("the rows that are seen lie on some pages", () => {
    const pages = [page("abc"), page("def"), page("gh")];
    expect(pagesAt(pages, 0, 2)).toEqual([0]);
    expect(pagesAt(pages, 2, 3)).toEqual([0, 1]);
    expect(pagesAt(pages, 40, 50)).toEqual([2]);
    expect(pagesAt([], 0, 9)).toEqual([]);
  });

  test("what was deleted here is gone at once", () => {
    expect(told(dropped([page("abc"), page("def")], new Set(["b", "f"])))).toEqual(["ac", "de"]);
  });
});

describe("a selection", () => {
  const order = [..."abcdef"];
  const chosen = (selection: { ids: ReadonlySet<string> }) => [...selection.ids].sort().join("");

  test("one by one", () => {
    expect(chosen(toggled(toggled(NOTHING, "a"), "c"))).toBe("ac");
    expect(chosen(toggled(toggled(NOTHING, "a"), "a"))).toBe("");
  });

  test("a range in both directions, from where the last one began", () => {
    const one = toggled(NOTHING, "c");
    expect(chosen(ranged(one, "e", order))).toBe("cde");
    expect(chosen(ranged(ranged(one, "e", order), "a", order))).toBe("abcde");
    expect(chosen(ranged(NOTHING, "b", order))).toBe("b");
  });

  test("a range that begins with a row that was left, leaves", () => {
    const most = toggled(allOrNothing(NOTHING, order), "b");
    expect(chosen(ranged(most, "d", order))).toBe("aef");
  });

  test("all, then nothing; the anchor of a row that is gone is gone", () => {
    const all = allOrNothing(NOTHING, order);
    expect(chosen(all)).toBe("abcdef");
    expect(chosen(allOrNothing(all, order))).toBe("");
    expect(allOrNothing(NOTHING, [])).toEqual(NOTHING);
    expect(without(toggled(NOTHING, "a"), new Set(["a"]))).toEqual(NOTHING);
  });
});

describe("the address of the list", () => {
  test("statuses come and go; what nobody knows is left out", () => {
    const search = jobsSearch({ status: "failed,nonsense,queued", sort: "color", order: "up", name: "" });
    expect(search).toEqual({ status: "queued,failed" });
    expect(toggledState(search, "queued")).toEqual({ status: "failed" });
    expect(toggledState({ status: "failed", name: "a" }, "failed")).toEqual({ name: "a" });
    expect(filterOf({ status: "running" }).status).toEqual(["running", "pausing", "cancelling"]);
  });

  test("a column is sorted by its own order first, then by the other; the usual order is not told", () => {
    const by = (search: JobsSearch, sort: Sort) => sortedBy(search, FIRST, sort);
    expect(by({}, "name")).toEqual({ sort: "name" });
    expect(by({ sort: "name" }, "name")).toEqual({ sort: "name", order: "desc" });
    expect(by({ sort: "name", order: "desc" }, "created_at")).toEqual({});
    expect(by({}, "created_at")).toEqual({ sort: "created_at", order: "asc" });
    expect(filterOf({ sort: "top1" })).toEqual({ sort: "top1", order: "desc" });
  });

  test("columns come and go; the name stays, and the usual ones are not told", () => {
    const keys = (search: object) => columnsOf(search).map((column) => column.key);
    expect(keys({})).not.toContain("agreement");
    expect(keys({ columns: "agreement,nonsense" })).toEqual(["name", "agreement"]);
    const more = toggledColumn({ name: "a" }, columnsOf({}), "agreement");
    expect(keys(more)).toEqual([...keys({}).slice(0, 5), "agreement", ...keys({}).slice(5)].sort(byPlace));
    expect(toggledColumn(more, columnsOf(more), "agreement")).toEqual({ name: "a" });
  });
});

const byPlace = (a: string, b: string) =>
  COLUMNS.findIndex((one) => one.key === a) - COLUMNS.findIndex((one) => one.key === b);
