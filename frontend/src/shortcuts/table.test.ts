import { tinykeys } from "tinykeys";
import { ANYWHERE, bindings, isPlain, labels, PAGES } from "./table";

let went: string[] = [];
let undo: () => void = () => undefined;

function bind(plain = true) {
  undo = tinykeys(window, bindings({ to: (path) => went.push(path), act: (act) => went.push(act) }, plain));
}

function press(key: string, on: EventTarget = document.body, more: KeyboardEventInit = {}) {
  on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
}

beforeEach(() => {
  went = [];
});
afterEach(() => {
  undo();
  document.body.replaceChildren();
});

test("no two shortcuts are the same, and every one is labelled", () => {
  const all = [...PAGES, ...ANYWHERE].map(({ keys }) => keys);
  expect(new Set(all).size).toBe(all.length);
  for (const keys of all) expect(labels(keys).every(Boolean)).toBe(true);
});

test("g and a letter lead to a page", () => {
  bind();
  for (const { keys } of PAGES) for (const key of keys.split(" ")) press(key);
  expect(went).toEqual(PAGES.map(({ to }) => to));
});

test("? is found with and without Shift; the palette with the key of the machine", () => {
  bind();
  press("?", document.body, { shiftKey: true });
  press("?");
  press("k", document.body, { ctrlKey: true });
  expect(went).toEqual(["help", "help", "palette"]);
});

test("whoever types, types; the palette opens all the same", () => {
  bind();
  const field = document.body.appendChild(document.createElement("textarea"));
  for (const key of ["g", "j", "/", "?"]) press(key, field);
  expect(went).toEqual([]);
  press("k", field, { ctrlKey: true });
  expect(went).toEqual(["palette"]);
});

test("a dialog that is open has the keys to itself", () => {
  bind();
  const dialog = document.body.appendChild(document.createElement("dialog"));
  dialog.setAttribute("open", "");
  press("/");
  expect(went).toEqual([]);
});

test("single keys can be switched off", () => {
  bind(false);
  for (const key of ["g", "j", "/", "?"]) press(key);
  press("k", document.body, { ctrlKey: true });
  expect(went).toEqual(["palette"]);
  expect(ANYWHERE.filter(({ keys }) => !isPlain(keys))).toHaveLength(1);
});
