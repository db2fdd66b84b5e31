/** What each figure of the training is called, asks and is measured in. */
export interface About {
  title: string;
  unit: string;
  /** Of a whole: told in percent. */
  share?: boolean;
  /** What counts are the small differences at the end. */
  focus?: boolean;
  bytes?: boolean;
  /** How much there is, not how it differs. */
  fromZero?: boolean;
}

export const ABOUT: Readonly<Record<string, About>> = {
  "val/top1": { title: "Does it get as good as its teacher?", unit: "validation top-1, %", share: true, focus: true },
  "val/top1_raw": {
    title: "And the weights without their average?",
    unit: "validation top-1, %",
    share: true,
    focus: true,
  },
  "val/top5": {
    title: "Is the right class among its first five?",
    unit: "validation top-5, %",
    share: true,
    focus: true,
  },
  "val/agreement": {
    title: "Does it copy the teacher?",
    unit: "same answer on validation, %",
    share: true,
    focus: true,
  },
  "val/agreement_teacher_right": {
    title: "Does it copy what the teacher knows?",
    unit: "same answer where the teacher is right, %",
    share: true,
    focus: true,
  },
  "val/agreement_teacher_wrong": {
    title: "Does it copy the teacher's mistakes?",
    unit: "same answer where the teacher is wrong, %",
    share: true,
  },
  "val/kl": { title: "How far are its probabilities from the teacher's?", unit: "divergence on validation" },
  "val/inter": { title: "Does it relate the classes as the teacher does?", unit: "correlation of rows" },
  "val/intra": { title: "Does it relate the images as the teacher does?", unit: "correlation of columns" },
  "val/nll": { title: "How surprised is it by the labels?", unit: "negative log-likelihood" },
  "val/ece": { title: "Is it as sure as it is right?", unit: "calibration error, %", share: true },
  "train/top1": {
    title: "How well does it know what it trains on?",
    unit: "training top-1, %",
    share: true,
    focus: true,
  },
  "test/top1": { title: "And on images that nobody has looked at?", unit: "test top-1, %", share: true },
  "loss/total": { title: "Does the loss fall?", unit: "loss, weighted sum" },
  "loss/task": { title: "How far from the labels?", unit: "cross-entropy" },
  "loss/inter": { title: "How far from the teacher between classes?", unit: "1 − correlation of rows" },
  "loss/intra": { title: "How far from the teacher within classes?", unit: "1 − correlation of columns" },
  "loss/kd": { title: "How far from the teacher's probabilities?", unit: "divergence" },
  lr: { title: "What is the learning rate?", unit: "learning rate" },
  grad_norm: { title: "How large is the gradient?", unit: "norm before clipping" },
  skipped_steps: { title: "How often was float16 too narrow?", unit: "steps skipped" },
  images_per_second: { title: "How fast does it go?", unit: "images/s", fromZero: true },
  "time/data": { title: "How long does it wait for images?", unit: "% of the time", share: true, fromZero: true },
  "system/gpu": { title: "Is the GPU busy?", unit: "use, %", share: true, fromZero: true },
  "system/gpu_memory": { title: "How much memory does the GPU need?", unit: "in use, GB", bytes: true, fromZero: true },
  "system/cpu": { title: "Is the processor busy?", unit: "of the threads given, %", share: true, fromZero: true },
  "system/memory": { title: "How much memory does it need?", unit: "resident, GB", bytes: true, fromZero: true },
};

/** Of a name that has no words of its own here. */
function aboutTerm(name: string): About {
  const [kind, term = ""] = name.split("/");
  if (kind === "gradient") {
    return { title: `How much does ${term} say?`, unit: "share of the loss's gradient, %", share: true };
  }
  return kind === "loss" ? { title: `How large is the term ${term}?`, unit: term } : { title: name, unit: name };
}

export const aboutOf = (name: string): About => ABOUT[name] ?? aboutTerm(name);

const GROUPS: readonly [string, (name: string) => boolean][] = [
  ["Accuracy", (name) => /^(val|train|test)\//.test(name)],
  ["Loss", (name) => name.startsWith("loss/")],
  ["What the students listen to", (name) => name.startsWith("gradient/")],
  ["Machine", (name) => name.startsWith("system/") || name === "images_per_second" || name === "time/data"],
  ["Course", () => true],
];

const ORDER = new Map(Object.keys(ABOUT).map((name, i) => [name, i]));

/** Names in groups: known ones first, in the order above; each in the first group that takes it. */
export function grouped(names: Iterable<string>): [string, string[]][] {
  const rank = (name: string) => ORDER.get(name) ?? ORDER.size;
  const open = new Set([...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b)));
  return GROUPS.map(([group, takes]): [string, string[]] => {
    const members = [...open].filter(takes);
    for (const name of members) open.delete(name);
    return [group, members];
  }).filter(([, members]) => members.length > 0);
}

/** Whether a figure is what somebody looks for: by its name, by what it asks, by its unit. */
export function isFound(name: string, wanted: string): boolean {
  const { title, unit } = aboutOf(name);
  const text = `${name} ${title} ${unit}`.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
