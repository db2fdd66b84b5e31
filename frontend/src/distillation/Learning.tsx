import { LineChart } from "@/charts/LineChart";
import { percentage, plain } from "@/format";
import { useAxis } from "@/jobs/axis";
import type { Group } from "@/jobs/groups";
import { linesOf } from "@/jobs/lines";
import type { Job, Series } from "@/jobs/queries";
import { brief } from "./chosen";
import { agreementLines, gapLines, gradientLines } from "./curves";

interface Props {
  job: Job;
  series: readonly Series[];
  group: Group;
}

/** How it got there: what the student copies, whom it listens to, how near it comes. All of it is live. */
export function Learning({ job, series, group }: Props) {
  const axis = useAxis(job);
  const name = brief(group.name);
  const share = { axis, write: percentage, unit: 100, height: 240 };
  const correlation = { axis, write: (value: number) => value.toFixed(3), height: 240, focus: true };
  const controls = job.students.some((one) => one.role === "control");
  const dotted = controls ? "dotted: without a teacher" : "";
  const gap = gapLines(job, series);
  const agreement = agreementLines(group, series);
  const gradient = gradientLines(group, series);
  const inter = linesOf(job, series, "val/inter");
  const intra = linesOf(job, series, "val/intra");
  const apart = linesOf(job, series, "val/kl");
  if ([gap, agreement, gradient, inter, intra, apart].every((lines) => lines.length === 0)) return null;
  return (
    <section className="stack" aria-labelledby="learning">
      <h2 id="learning" className="part">
        How it learned
      </h2>
      <div className="grid halves">
        {agreement.length > 0 && (
          <LineChart
            {...share}
            title={`Does ${name} copy its teacher?`}
            caption="same answer on validation, %"
            metric="distillation/agreement"
            lines={agreement}
          />
        )}
        {gradient.length > 0 && (
          <LineChart
            {...share}
            title={`Whom does ${name} listen to?`}
            caption="share of the gradient's norm, %"
            note="grey: the labels"
            metric="distillation/gradient"
            lines={gradient}
          />
        )}
        {gap.length > 0 && (
          <LineChart
            {...share}
            title="How much of the gap is closed?"
            caption="from its control to the teacher, %"
            metric="distillation/gap"
            lines={gap}
            focus
          />
        )}
        {apart.length > 0 && (
          <LineChart
            axis={axis}
            write={plain}
            height={240}
            title="How far are its probabilities from the teacher's?"
            caption="divergence on validation, nats"
            note={dotted}
            metric="distillation/kl"
            lines={apart}
          />
        )}
        {inter.length > 0 && (
          <LineChart
            {...correlation}
            title="Does it see the same likeness between classes?"
            caption="correlation image by image (inter)"
            note={dotted}
            metric="distillation/inter"
            lines={inter}
          />
        )}
        {intra.length > 0 && (
          <LineChart
            {...correlation}
            title="Does it rank the images of a class alike?"
            caption="correlation class by class (intra)"
            note={dotted}
            metric="distillation/intra"
            lines={intra}
          />
        )}
      </div>
    </section>
  );
}
