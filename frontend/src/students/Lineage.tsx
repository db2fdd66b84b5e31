import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { datasetQuery } from "@/datasets/queries";
import { Strip } from "@/datasets/Strip";
import { parameters, percent, plural } from "@/format";
import { jobQuery } from "@/jobs/queries";
import { teacherQuery } from "@/teachers/queries";
import { Card } from "@/ui/Card";
import { Status } from "@/ui/Status";
import type { Student } from "./queries";

/** What a student comes from: the teacher it learned from, the images, the job that did it. */
export function Lineage({ student }: { student: Student }) {
  const job = useQuery(jobQuery(student.job)).data;
  const from = job?.teacher?.id ?? "";
  const on = job?.dataset?.id ?? "";
  const teacher = useQuery({ ...teacherQuery(from), enabled: from !== "" }).data;
  const dataset = useQuery({ ...datasetQuery(on), enabled: on !== "" }).data;
  return (
    <Card title="Where it comes from">
      <dl className="lineage">
        <dt>teacher</dt>
        <dd>
          {from ? (
            <>
              <Link to="/teachers/$id" params={{ id: from }} className="title wrap">
                {teacher?.name ?? job?.teacher?.name}
              </Link>
              {teacher && (
                <span className="small soft">
                  {parameters(teacher.parameters)} parameters, <span className="teacher">{percent(teacher.top1)}</span>
                </span>
              )}
            </>
          ) : (
            <span className="soft">{job ? "none: it learned from the labels alone" : "–"}</span>
          )}
        </dd>
        <dt>data set</dt>
        <dd>
          {on ? (
            <>
              <Link to="/datasets/$id" params={{ id: on }} className="title wrap">
                {dataset?.name ?? job?.dataset?.name}
              </Link>
              {dataset && (
                <>
                  <span className="small soft">{plural(dataset.classes?.length ?? 0, "class", "classes")}</span>
                  <Strip dataset={dataset} />
                </>
              )}
            </>
          ) : (
            "–"
          )}
        </dd>
        <dt>job</dt>
        <dd>
          <Link to="/jobs/$id" params={{ id: student.job }} className="title wrap">
            {student.job_name}
          </Link>
          {job && (
            <span className="row">
              <Status value={job.status} />
            </span>
          )}
        </dd>
      </dl>
    </Card>
  );
}
