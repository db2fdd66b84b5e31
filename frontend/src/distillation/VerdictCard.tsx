import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { bytes } from "@/format";
import { leader, type Standing, type TeacherStanding } from "@/jobs/groups";
import { type Job, jobStudentsQuery, OVER } from "@/jobs/queries";
import { shipping, verdictOf } from "@/jobs/verdict";

interface Props {
  job: Job;
  standings: readonly Standing[];
  teacher: TeacherStanding | null;
}

/** Whether it helped, in a sentence; which to ship; and the weights of the one that leads. */
export function VerdictCard({ job, standings, teacher }: Props) {
  const verdict = verdictOf(job, standings, teacher);
  if (!verdict) return <Waiting job={job} />;
  const ship = shipping(standings);
  return (
    <section className="card verdict verdict-card" aria-label="Verdict">
      <div className="verdict-words">
        <p className="small soft">{verdict.kicker}</p>
        <p className="verdict-text wrap">{verdict.text}</p>
        {verdict.detail && <p className="wrap">{verdict.detail}</p>}
        {ship && <p className="wrap">{ship}</p>}
      </div>
      <Best job={job} standings={standings} />
    </section>
  );
}

/** The weights of the leader's first seed, as far as they are stored. */
function Best({ job, standings }: { job: Job; standings: readonly Standing[] }) {
  const students = useQuery(jobStudentsQuery(job.id)).data?.data;
  const group = leader(standings)?.group;
  const file = students
    ?.filter((one) => group?.members.some((member) => member.id === one.id))
    .flatMap((one) => one.files)
    .find((one) => one.name.endsWith(".safetensors"));
  if (!file) return null;
  return (
    <a className="button" href={file.url} download={file.name}>
      <Download size={14} aria-hidden />
      {OVER.includes(job.status) ? "Download the best" : "Download best so far"}
      <span className="soft">{bytes(file.bytes)}</span>
    </a>
  );
}

function Waiting({ job }: { job: Job }) {
  const over = OVER.includes(job.status);
  return (
    <section className="card verdict" aria-label="Verdict">
      <p className="small soft">{over ? "How far it came" : "So far"}</p>
      <p className="verdict-text">
        {over
          ? "It ended before its first evaluation."
          : job.status === "queued"
            ? "Waiting for a free slot of a worker."
            : "Nothing has been measured yet."}
      </p>
      <p className="soft">
        {over
          ? "Whether distillation would have helped is not known."
          : "The first figures come with the end of the first epoch."}
      </p>
    </section>
  );
}
