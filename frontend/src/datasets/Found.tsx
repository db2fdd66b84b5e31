import type { ReactNode } from "react";
import { count, percent, plural } from "@/format";
import { Card } from "@/ui/Card";
import { Facts } from "@/ui/Facts";
import type { Dataset, Report } from "./queries";

const ODD: Record<string, string> = {
  rotated: "turned upright, as their EXIF says",
  cmyk: "from CMYK to RGB",
  sixteen_bit: "from 16 to 8 bits",
  palette: "from a palette to RGB",
  transparent: "laid on white",
  greyscale: "from grey to RGB",
  animated: "first picture of an animation",
  misnamed: "of another format than the name says",
};

const px = (n: number) => `${count(n)}\u202fpx`;
const size = (width: number | undefined, height: number | undefined) => `${count(width)} × ${count(height)}`;

/** What reading the images has found: sizes, formats, what was odd, what is there twice. */
export function Found({ dataset, report }: { dataset: Dataset; report: Report }) {
  const total = Object.values(report.formats).reduce((a, b) => a + b, 0);
  const { width, height, most_common } = report.sizes;
  const odd = Object.entries(report.odd).filter(([, some]) => some.images > 0);
  const one = width.min === width.max && height.min === height.max;
  const formats = Object.entries(report.formats).map(([kind, n]) =>
    n === total ? kind.toUpperCase() : `${kind.toUpperCase()} ${percent(n / total, share(n, total))}`,
  );
  const facts: [string, ReactNode][] = [
    [
      "sizes as they came",
      one
        ? `all ${size(width.min, height.min)}\u202fpx`
        : `${px(width.min)} to ${px(width.max)} wide, ${px(height.min)} to ${px(height.max)} high, median ${size(width.median, height.median)}`,
    ],
  ];
  if (!one && most_common[0]) {
    facts.push([
      "most often",
      most_common
        .slice(0, 3)
        .map((common) => `${size(common.width, common.height)} (${count(common.images)})`)
        .join(", "),
    ]);
  }
  facts.push(["formats", formats.join(", ")]);
  const { unreadable, duplicates } = report;
  const within = Object.entries(duplicates.within).filter(([, some]) => some.images > 0);
  const clean = odd.length === 0 && unreadable.images === 0 && within.length === 0 && duplicates.across.length === 0;
  return (
    <Card title="What reading it found" aside={clean ? "nothing odd" : undefined}>
      <div className="stack">
        <Facts facts={facts} />
        <div className="findings">
          {unreadable.images > 0 && (
            <Finding tone="bad" title={`${plural(unreadable.images, "image")} could not be read and were left out`}>
              {unreadable.examples.map((example) => (
                <li key={example.name}>
                  <code className="wrap">{example.name}</code> <span className="soft">{example.reason}</span>
                </li>
              ))}
            </Finding>
          )}
          {duplicates.across.map((twice) => (
            <Finding
              key={`${twice.split} ${twice.also_in}`}
              tone="warn"
              title={`${plural(twice.images, "image")} of ${twice.split} ${twice.images === 1 ? "is" : "are"} in ${twice.also_in} too: figures on ${twice.split} mislead`}
            >
              <Pairs examples={twice.examples} />
            </Finding>
          ))}
          {duplicates.different_labels.images > 0 && (
            <Finding
              tone="warn"
              title={`${plural(duplicates.different_labels.images, "image")} stand${duplicates.different_labels.images === 1 ? "s" : ""} in two classes`}
            >
              <Pairs examples={duplicates.different_labels.examples} />
            </Finding>
          )}
          {Object.entries(report.empty).map(([split, empty]) => (
            <Finding
              key={split}
              tone="warn"
              title={`${plural(empty.classes, "class has", "classes have")} no image in ${split}`}
            >
              {empty.examples.map((name) => (
                <li key={name} className="wrap">
                  {name}
                </li>
              ))}
            </Finding>
          ))}
          {within.map(([split, some]) => (
            <Finding
              key={split}
              tone=""
              title={`${plural(some.images, "image")} of ${split} ${some.images === 1 ? "is" : "are"} there twice`}
            >
              <Pairs examples={some.examples} />
            </Finding>
          ))}
          {odd.map(([kind, some]) => (
            <Finding key={kind} tone="" title={`${plural(some.images, "image")} ${ODD[kind] ?? kind}`}>
              {some.examples.map((name) => (
                <li key={name}>
                  <code className="wrap">{name}</code>
                </li>
              ))}
            </Finding>
          ))}
          {dataset.ignored && dataset.ignored.length > 0 && (
            <Finding tone="" title={`${plural(dataset.ignored.length, "file")} beside the images left out`}>
              {dataset.ignored.slice(0, 20).map((file) => (
                <li key={JSON.stringify(file)}>
                  <code className="wrap">{spelled(file)}</code>
                </li>
              ))}
            </Finding>
          )}
        </div>
      </div>
    </Card>
  );
}

const share = (n: number, total: number) => (n / total < 0.0995 || n / total > 0.9 ? 1 : 0);

const spelled = (file: unknown) =>
  typeof file === "string"
    ? file
    : Object.values(file as object)
        .filter((value) => typeof value === "string")
        .join(": ");

/** A finding with a few examples, folded: the sentence says enough. */
function Finding({ tone, title, children }: { tone: "" | "warn" | "bad"; title: string; children: ReactNode }) {
  return (
    <details className={`more finding ${tone}`}>
      <summary>{title}</summary>
      <ul className="places small">{children}</ul>
    </details>
  );
}

function Pairs({ examples }: { examples: readonly Record<string, unknown>[] }) {
  return examples.map((example) => (
    <li key={String(example.name)}>
      <code className="wrap">{String(example.name)}</code> <span className="soft">is</span>{" "}
      <code className="wrap">{String(example.same_as)}</code>
      {Array.isArray(example.classes) && <span className="soft"> ({example.classes.map(String).join(", ")})</span>}
    </li>
  ));
}
