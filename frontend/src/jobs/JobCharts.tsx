import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { LineChart } from "@/charts/LineChart";
import { percentage, plain } from "@/format";
import { Answer } from "@/ui/Answer";
import { Empty } from "@/ui/faces";
import { useJob } from "./JobPage";
import { axisOf, collapsed, jobLine, linesOf, teacherLevel } from "./lines";
import { type Job, metricsQuery, type Series } from "./queries";

interface About {
  title: string;
  unit: string;
  share?: boolean;
  focus?: boolean;
}

const ABOUT: Record<string, About> = {
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
  images_per_second: { title: "How fast does it go?", unit: "images/s" },
  "time/data": { title: "How long does it wait for images?", unit: "% of the time", share: true },
};

/** Of a loss's term that has no words of its own here. */
function aboutTerm(name: string): About {
  const [kind, term = ""] = name.split("/");
  if (kind === "gradient") {
    return { title: `How much does ${term} say?`, unit: "share of the loss's gradient, %", share: true };
  }
  return kind === "loss" ? { title: `How large is the term ${term}?`, unit: term } : { title: name, unit: name };
}

const GROUPS: readonly [string, (name: string) => boolean][] = [
  ["Accuracy", (name) => /^(val|train|test)\//.test(name)],
  ["Loss", (name) => name.startsWith("loss/")],
  ["What the students listen to", (name) => name.startsWith("gradient/")],
  ["Course", () => true],
];

/** Every metric of the job, by name. A name that is new here is drawn all the same. */
export function JobCharts() {
  const job = useJob();
  const { log } = useSearch({ from: "/shell/jobs/$id/charts" });
  const query = useQuery(metricsQuery(job.id));
  return (
    <Answer query={query} label="the curves" heights={[32, 300, 300]}>
      {({ series, sampled }) => {
        const names = [...new Set(series.map((one) => one.name))].filter((name) => !name.startsWith("teacher/"));
        if (names.length === 0) {
          return (
            <div className="card">
              <Empty>No curves yet: the first points come within a few steps of training.</Empty>
            </div>
          );
        }
        return (
          <>
            <div className="spread">
              <p className="small soft">
                Drag across a chart to look closer, everywhere at once. Arrow keys move the cursor.
                {sampled && " Many steps share a point here; each point is the last value of its steps."}
              </p>
              <Link
                to="/jobs/$id/charts"
                params={{ id: job.id }}
                search={log ? {} : { log: true }}
                replace
                className="button small"
                role="switch"
                aria-checked={!!log}
              >
                Logarithmic losses: {log ? "on" : "off"}
              </Link>
            </div>
            {sorted(names).map(([group, members]) => (
              <section key={group} className="stack" aria-label={group}>
                <h2>{group}</h2>
                <div className="grid halves">
                  {members.map((name) => (
                    <Metric key={name} job={job} series={series} name={name} log={!!log} />
                  ))}
                </div>
              </section>
            ))}
          </>
        );
      }}
    </Answer>
  );
}

function Metric({ job, series, name, log }: { job: Job; series: readonly Series[]; name: string; log: boolean }) {
  const about = ABOUT[name] ?? aboutTerm(name);
  const axis = axisOf(job);
  const lines = collapsed([...linesOf(job, series, name), ...jobLine(series, name)]);
  return (
    <LineChart
      title={about.title}
      caption={`${about.unit} over ${axis.name}s`}
      metric={name}
      lines={lines}
      levels={name === "val/top1" ? teacherLevel(job, series) : []}
      axis={axis}
      write={about.share ? percentage : plain}
      unit={about.share ? 100 : 1}
      focus={about.focus ?? false}
      log={log && (name.startsWith("loss/") || name === "lr")}
    />
  );
}

/** Known names first, in the order above; each name in the first group that takes it. */
function sorted(names: readonly string[]): [string, string[]][] {
  const known = Object.keys(ABOUT);
  const rank = (name: string) => (known.includes(name) ? known.indexOf(name) : known.length);
  const open = new Set([...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b)));
  return GROUPS.map(([group, takes]): [string, string[]] => {
    const members = [...open].filter(takes);
    for (const name of members) open.delete(name);
    return [group, members];
  }).filter(([, members]) => members.length > 0);
}
