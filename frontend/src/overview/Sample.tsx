import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { FlaskConical } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { isNotFound } from "@/api/client";
import { datasetsQuery } from "@/datasets/queries";
import { type Job, jobKeys, jobQuery } from "@/jobs/queries";
import { teacherKeys, teachersQuery } from "@/teachers/queries";
import { Card } from "@/ui/Card";
import { Failure } from "@/ui/faces";
import { Progress } from "@/ui/Progress";
import { useOnce } from "@/ui/useOnce";
import {
  distil,
  forget,
  halfway,
  registerTeacher,
  remember,
  remembered,
  type Step,
  stepOf,
  teacherFrom,
  trainTeacher,
} from "./steps";

const pause = () => new Promise<void>((resume) => window.setTimeout(resume, 700));

/** Before the first job an invitation; while the sample is under way, how far it is; else nothing. */
export function Sample({ first }: { first: boolean }) {
  const [id, setId] = useState(remembered);
  const client = useQueryClient();
  const datasets = useQuery({ ...datasetsQuery(), enabled: first }).data?.data ?? [];
  const start = (job: Job) => {
    remember(job.id);
    setId(job.id);
  };
  const begin = useOnce({
    mutationFn: () => trainTeacher(datasets, pause),
    onSuccess: (job) => {
      start(job);
      return client.invalidateQueries({ queryKey: jobKeys.lists });
    },
  });
  const end = useCallback(() => {
    forget();
    setId(null);
  }, []);
  if (id) return <UnderWay id={id} onEnd={end} />;
  return first ? <Invitation begin={begin} /> : <Continue onStart={start} />;
}

/** Offered to any browser while a sample waits half-way. */
function Continue({ onStart }: { onStart: (job: Job) => void }) {
  const left = useQuery({ queryKey: [...jobKeys.lists, "sample"], queryFn: halfway, refetchInterval: 10_000 }).data;
  if (!left) return null;
  return (
    <section className="card row" aria-label="The sample">
      <button type="button" className="button" onClick={() => onStart(left)}>
        <FlaskConical size={16} aria-hidden />
        Continue the sample
      </button>
      <span className="soft small">Its teacher is there; two smaller students are still to learn from it.</span>
    </section>
  );
}

function UnderWay({ id, onEnd }: { id: string; onEnd: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const query = useQuery({ ...jobQuery(id), refetchInterval: 2_000 });
  const training = query.data;
  const teachers = useQuery(teachersQuery()).data?.data;
  const teacher = training && teachers && teacherFrom(training, teachers);
  const step: Step | null = training && teachers ? stepOf(training, teacher) : null;
  const due = (step === "register" && !teacher) || step === "distil";
  const { mutate, error } = useMutation({
    mutationFn: async () => {
      if (!training) return null;
      if (step === "distil" && teacher) return distil(training, teacher);
      await registerTeacher(training);
      return null;
    },
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: teacherKeys.all });
      if (!made) return;
      onEnd();
      await client.invalidateQueries({ queryKey: jobKeys.lists });
      void navigate({ to: "/jobs/$id", params: { id: made.id } });
    },
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: each step is taken once, when it becomes due
  useEffect(() => {
    if (due) mutate();
  }, [due, step]);

  const gone = isNotFound(query.error) || step === "stuck";
  useEffect(() => {
    if (gone) onEnd();
  }, [gone, onEnd]);

  return training && !gone ? <Steps step={step} training={training} error={error} onRetry={() => mutate()} /> : null;
}

interface Begin {
  mutate: () => void;
  isPending: boolean;
  error: Error | null;
}

function Invitation({ begin }: { begin: Begin }) {
  return (
    <section className="card invitation" aria-label="First steps">
      <p className="lead">A strong image classifier goes in, a small one that keeps its skill comes out.</p>
      <div className="row">
        <button type="button" className="button primary" disabled={begin.isPending} onClick={() => begin.mutate()}>
          <FlaskConical size={16} aria-hidden />
          {begin.isPending ? "Reading the images…" : "Distil the sample: real handwritten digits"}
        </button>
        <span className="soft small">
          A teacher is trained first, then two smaller students learn from it: a few minutes.
        </span>
      </div>
      {begin.error && <Failure error={begin.error} />}
      <div className="stack">
        <h2>With a model of your own</h2>
        <ol className="steps">
          <li>
            <span className="n">1</span>
            <p>
              Open <Link to="/jobs/new">a new distillation</Link>, and drop a checkpoint into it: safetensors, or a
              PyTorch file.
            </p>
          </li>
          <li>
            <span className="n">2</span>
            <p>And an archive of images, with a folder for each class.</p>
          </li>
          <li>
            <span className="n">3</span>
            <p>
              Say which networks shall learn from it. In a terminal: <code>distillery submit job.yaml --watch</code>
            </p>
          </li>
        </ol>
      </div>
    </section>
  );
}

const STEPS: readonly [Step, string][] = [
  ["train", "Train a teacher on the digits"],
  ["register", "Register it"],
  ["distil", "Distil it into two smaller students"],
];

interface StepsProps {
  step: Step | null;
  training: Job;
  error: Error | null;
  onRetry: () => void;
}

function Steps({ step, training, error, onRetry }: StepsProps) {
  const now = STEPS.findIndex(([name]) => name === step);
  return (
    <Card title="The sample" aside="goes on by itself while this page is open">
      <ol className="steps">
        {STEPS.map(([name, what], i) => (
          <li key={name}>
            <span className={`n ${i < now ? "done" : i === now ? "now" : ""}`}>{i < now ? "✓" : i + 1}</span>
            <div className="stack tight">
              <span className={i === now ? "strong" : "soft"}>
                {i === 0 ? (
                  <Link to="/jobs/$id" params={{ id: training.id }}>
                    {what}
                  </Link>
                ) : (
                  what
                )}
              </span>
              {i === now && name === "train" && <Progress percent={training.progress.percent} label={what} />}
            </div>
          </li>
        ))}
      </ol>
      {error && <Failure error={error} onRetry={onRetry} />}
    </Card>
  );
}
