import { plain } from "@/format";
import { csvOf } from "./csv";
import { fileName } from "./download";
import type { Axis, Line } from "./lines";
import type { Look } from "./look";
import { sceneOf } from "./scene";
import { svgText } from "./svg";

const axis: Axis = { name: "epoch", perStep: 0.1, end: 40 };
const lines: Line[] = [
  { key: "a", name: "small", step: [10, 20], value: [0.5, 0.75], color: "#00f", text: "#00f", kind: "solid" },
  { key: "b", name: '=2+3,"x"', step: [20, 30], value: [0.1, 0.2], color: "#888", text: "#888", kind: "dotted" },
];
const teacher = { name: "teacher", value: 0.9, color: "#b70", text: "#b70" };
const look: Look = {
  lines,
  levels: [teacher],
  uprights: [20],
  axis,
  unit: 1,
  focus: false,
  fromZero: false,
  log: false,
  zoom: null,
  write: plain,
};

test("a table has a row for each step and a column for each line; no name is a formula", () => {
  expect(csvOf(lines, [teacher], axis).split("\r\n")).toEqual([
    'step,epoch,small,"\'=2+3,""x""",teacher',
    "10,1,0.5,,0.9",
    "20,2,0.75,0.1,0.9",
    "30,3,,0.2,0.9",
    "",
  ]);
});

test("a band's ends have columns of their own", () => {
  const [first] = lines;
  const text = csvOf([{ ...(first as Line), low: [0.4, 0.7], high: [0.6, 0.8] }], [], { ...axis, name: "step" });
  expect(text).toBe("step,small,small least,small greatest\r\n10,0.5,0.4,0.6\r\n20,0.75,0.7,0.8\r\n");
});

test("a drawing of vectors has its title, its axes and a path for each line; a name stays a name", () => {
  const hostile = lines.map((line, i) => (i ? { ...line, name: "<script>alert(1)</script>" } : line));
  const scene = sceneOf(
    { ...look, lines: hostile },
    { title: "Does it?", caption: "in %", width: 600, height: 300 },
    (css) => css,
  );
  const text = svgText(scene);
  const drawing = new DOMParser().parseFromString(text, "image/svg+xml");
  expect(drawing.querySelector("parsererror")).toBeNull();
  expect(drawing.querySelector("script")).toBeNull();
  expect(drawing.querySelector("title")?.textContent).toBe("Does it?");
  expect(drawing.querySelectorAll("path[stroke='#00f'], path[stroke='#888']")).toHaveLength(2);
  expect(drawing.querySelectorAll("path[stroke='var(--line-strong)']")).toHaveLength(1); // the step that stands out
  expect([...drawing.querySelectorAll("text")].map((one) => one.textContent)).toEqual(
    expect.arrayContaining(["Does it?", "in %", "epoch", "small 0.75", "teacher 0.9"]),
  );
});

test("a file is named after what it shows", () => {
  expect(fileName("digits: two sizes", "val/top1")).toBe("digits-two-sizes-val-top1");
  expect(fileName("../../")).toBe("chart");
});
