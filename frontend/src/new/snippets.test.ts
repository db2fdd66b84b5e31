import { curlOf, pythonOf, yamlOf } from "./snippets";

const HOSTILE = `it's "quoted" \\ $HOME \`id\` !x é 🦜 \u2028 \u0085 %s #no: - yes`;

/** What lies between the single quotes of the command. */
const bodyOf = (curl: string) => JSON.parse(curl.slice(curl.indexOf("--json '") + 8, curl.lastIndexOf("'")));

test("the body of curl is the wish itself, and holds no single quote that would end it", () => {
  const wish = { name: HOSTILE, students: [{ name: "a", seeds: [0, 1], loss: null, on: true, lr: 5e-7 }], none: {} };
  const curl = curlOf(wish);
  expect(curl.match(/'/g)).toHaveLength(2);
  expect(bodyOf(curl)).toEqual(wish);
});

test("curl reads its address and its key from the environment", () => {
  const curl = curlOf({});
  expect(curl).toContain('"$DISTILLERY_URL/v1/jobs"');
  expect(curl).toContain('"Authorization: Bearer $DISTILLERY_API_KEY"');
});

test("Python spells its own constants", () => {
  const python = pythonOf({ teacher: null, control: false, nested: { yes: true }, name: "None, true and null" });
  expect(python).toContain('"teacher": None');
  expect(python).toContain('"control": False');
  expect(python).toContain('{"yes": True}');
  expect(python).toContain('"None, true and null"');
});

test("lines that would end a text are written as escapes", () => {
  for (const text of [curlOf({ name: HOSTILE }), pythonOf({ name: HOSTILE }), yamlOf({ name: HOSTILE })]) {
    expect(text).toContain("\\u2028");
    expect(text).toContain("\\u0085");
    expect(text).toContain("🦜");
  }
});

test("YAML is read as what was meant", () => {
  const yaml = yamlOf({
    name: "digits, three",
    plain: "cifar/resnet8",
    word: "off",
    number: "12",
    lr: 5e-7,
    small: 0.0005,
    big: 1e21,
    empty: {},
    metadata: { y: "no", "a b": "c: d" },
    students: [
      { name: "a", architecture: "cifar/resnet8" },
      { name: "a very long name of a student", architecture: "torchvision/mobilenet_v3_large", seeds: [0, 1, 2] },
    ],
  });
  expect(yaml).toBe(`name: "digits, three"
plain: cifar/resnet8
word: "off"
number: "12"
lr: 5.0e-7
small: 0.0005
big: 1.0e+21
empty: {}
metadata:
  "y": "no"
  a b: "c: d"
students:
  - {name: a, architecture: cifar/resnet8}
  - name: a very long name of a student
    architecture: torchvision/mobilenet_v3_large
    seeds: [0, 1, 2]
`);
});
