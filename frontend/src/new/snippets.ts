import { type Fields, isFields } from "./schema";

/** JSON that any shell and any editor leaves as it is: line breaks only where we put them, no single quote. */
function written(value: unknown, quote: (text: string) => string, words: Words, depth: number): string {
  if (value === null) return words.null;
  if (typeof value === "boolean") return value ? words.true : words.false;
  if (typeof value === "string") return quote(value);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const parts = Array.isArray(value)
    ? value.map((one) => written(one, quote, words, depth + 1))
    : isFields(value)
      ? Object.entries(value).map(([name, one]) => `${quote(name)}: ${written(one, quote, words, depth + 1)}`)
      : null;
  if (!parts) return JSON.stringify(value);
  const line = `${open}${parts.join(", ")}${close}`;
  if (depth > 0 && 2 * depth + line.length <= WIDTH) return line;
  const pad = "  ".repeat(depth + 1);
  return `${open}\n${parts.map((part) => pad + part).join(",\n")}\n${"  ".repeat(depth)}${close}`;
}

interface Words {
  null: string;
  true: string;
  false: string;
}

const WIDTH = 52;
const JSON_WORDS: Words = { null: "null", true: "true", false: "false" };
const PYTHON_WORDS: Words = { null: "None", true: "True", false: "False" };

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** What is no plain character of a line to a shell, to Python or to YAML. */
const ODD = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;
const quoted = (text: string): string => JSON.stringify(text).replace(ODD, escaped);

/** Inside single quotes of a shell nothing means anything but the single quote itself. */
const shellQuoted = (text: string): string => quoted(text).replaceAll("'", escaped);

export function curlOf(wish: Fields): string {
  const body = written(wish, shellQuoted, JSON_WORDS, 0);
  return `curl --fail-with-body "$DISTILLERY_URL/v1/jobs" \\
  -H "Authorization: Bearer $DISTILLERY_API_KEY" \\
  --json '${body}'
`;
}

export function pythonOf(wish: Fields): string {
  const body = written(wish, quoted, PYTHON_WORDS, 0);
  return `from cli.client import connect

with connect() as client:
    job = client.create_job(${body.replaceAll("\n", "\n    ")})
    print(job["id"])
`;
}

// Words that YAML 1.1 reads as something else than text, and what a plain text may consist of.
const RESERVED = /^(?:y|n|yes|no|true|false|on|off|null|none|~|\.?inf|\.?nan)$/i;
const PLAIN = /^[A-Za-z][\w./-]*(?: [\w./-]+)*$/;

function scalar(value: unknown): string {
  if (typeof value === "string") return PLAIN.test(value) && !RESERVED.test(value) ? value : quoted(value);
  // YAML 1.1 takes 1e-7 for text: a number with an exponent needs a point.
  if (typeof value === "number") return String(value).replace(/^(-?\d+)e/, "$1.0e");
  return written(value, quoted, JSON_WORDS, 0);
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (isFields(value)) {
    const parts = Object.entries(value).map(([name, one]) => `${scalar(name)}: ${flow(one)}`);
    return `{${parts.join(", ")}}`;
  }
  return scalar(value);
}

const YAML_WIDTH = 64;

function block(value: Fields, depth: number): string[] {
  const pad = "  ".repeat(depth);
  return Object.entries(value).flatMap(([name, one]) => {
    const head = `${pad}${scalar(name)}:`;
    const line = `${head} ${flow(one)}`;
    const long = line.length > YAML_WIDTH;
    if (isFields(one) && (long || depth === 0) && Object.keys(one).length > 0) return [head, ...block(one, depth + 1)];
    if (Array.isArray(one) && one.some(isFields)) {
      return [
        head,
        ...one.flatMap((item) => {
          const short = `${pad}  - ${flow(item)}`;
          if (!isFields(item) || short.length <= YAML_WIDTH) return [short];
          const [first = "", ...rest] = block(item, depth + 2);
          return [`${pad}  - ${first.trimStart()}`, ...rest];
        }),
      ];
    }
    return [line];
  });
}

/** JOB.yaml for `distillery submit`. */
export const yamlOf = (wish: Fields): string => `${block(wish, 0).join("\n")}\n`;
