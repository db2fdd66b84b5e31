import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { datasetQuery } from "@/datasets/queries";
import { count, parameters, percent, plural, short } from "@/format";
import { teacherQuery } from "@/teachers/queries";
import { Card } from "@/ui/Card";
import { CopyButton, Hash } from "@/ui/Copy";
import { Facts } from "@/ui/Facts";
import type { Job } from "../queries";

/** What went in, each with what proves that it is the same again. */
export function Lineage({ job }: { job: Job }) {
  const from = job.teacher?.id ?? "";
  const on = job.dataset?.id ?? "";
  const teacher = useQuery({ ...teacherQuery(from), enabled: from !== "" }).data;
  const dataset = useQuery({ ...datasetQuery(on), enabled: on !== "" }).data;
  const images = Object.values(dataset?.counts ?? {}).reduce((sum, one) => sum + one, 0);
  return (
    <Card title="What does it come from?">
      <Facts
        facts={[
          [
            "teacher",
            job.teacher ? (
              <>
                <Link to="/teachers/$id" params={{ id: job.teacher.id }} className="teacher">
                  {job.teacher.name}
                </Link>{" "}
                <span className="soft">
                  {[short(job.teacher.architecture), teacher?.parameters ? parameters(teacher.parameters) : ""]
                    .filter((part) => part && part !== "–")
                    .join(", ")}
                  {job.teacher.top1 != null && `, ${percent(job.teacher.top1)}`}
                </span>
              </>
            ) : (
              "none: the students learn from the labels alone"
            ),
          ],
          ...(teacher?.sha256 ? [["its SHA-256", <Proof key="teacher" value={teacher.sha256} />] as const] : []),
          [
            "data set",
            job.dataset ? (
              <>
                <Link to="/datasets/$id" params={{ id: job.dataset.id }}>
                  {job.dataset.name}
                </Link>{" "}
                <span className="soft">
                  {images > 0 && `${count(images)} images, `}
                  {plural(job.dataset.classes ?? 0, "class", "classes")}
                </span>
              </>
            ) : (
              "deleted"
            ),
          ],
          ...(dataset?.sha256 ? [["its SHA-256", <Proof key="dataset" value={dataset.sha256} />] as const] : []),
        ]}
      />
    </Card>
  );
}

const Proof = ({ value }: { value: string }) => (
  <span className="row">
    <Hash value={value} />
    <CopyButton text={value} label="Copy the hash" />
  </span>
);
