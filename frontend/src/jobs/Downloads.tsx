import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import type { Schema } from "@/api/client";
import { bytes, percent, plural } from "@/format";
import { Card } from "@/ui/Card";
import { Command, Hash } from "@/ui/Copy";
import { metricsOf } from "./groups";
import { type Job, jobStudentsQuery, OVER } from "./queries";

type Student = Schema<"StudentRead">;

/** Every student's files, with what proves that they arrived whole. */
export function Downloads({ job }: { job: Job }) {
  const students = useQuery(jobStudentsQuery(job.id)).data?.data ?? [];
  const ready = students.filter((student) => student.files.length > 0);
  if (ready.length === 0) return null;
  const order = new Map(job.students.map((student, i) => [student.id, i]));
  ready.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
  const over = OVER.includes(job.status);
  const controls = ready.filter((student) => student.role === "control");
  return (
    <Card title="Take them home" aside={over ? "weights and what describes them" : "the best weights stored so far"}>
      <Downloadable students={ready.filter((student) => student.role === "student")} over={over} />
      {controls.length > 0 && (
        <details className="more controls">
          <summary>{plural(controls.length, "control")}</summary>
          <Downloadable students={controls} over={over} />
        </details>
      )}
    </Card>
  );
}

function Downloadable({ students, over }: { students: readonly Student[]; over: boolean }) {
  return (
    <ul className="downloads">
      {students.map((student) => (
        <li key={student.id}>
          <details className="more">
            <summary>
              <b className="wrap">{student.label}</b>
              <span className="soft nowrap">
                {over ? percent(judged(student)) : stored(student)} ·{" "}
                {bytes(student.files.reduce((sum, file) => sum + file.bytes, 0))}
              </span>
            </summary>
            <Files student={student} />
          </details>
        </li>
      ))}
    </ul>
  );
}

const judged = (student: Student) => metricsOf(student).test?.top1 ?? metricsOf(student).top1;

/** What the files of a job that goes on are: as good as when they were stored, not as the curves are by now. */
function stored(student: Student): string {
  const { best, top1 } = metricsOf(student);
  return best ? `${percent(best.top1)}, stored at epoch ${best.epoch}` : percent(top1);
}

/** A student's files as links, and the same as one command. */
export function Files({ student }: { student: Student }) {
  const first = student.files.find((file) => file.name.endsWith(".safetensors")) ?? student.files[0];
  return (
    <div className="stack files">
      <section className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">File</th>
              <th scope="col" className="number">
                Size
              </th>
              <th scope="col">SHA-256</th>
            </tr>
          </thead>
          <tbody>
            {student.files.map((file) => (
              <tr key={file.name}>
                <td>
                  <a className="row nowrap" href={file.url} download={file.name}>
                    <Download size={14} aria-hidden />
                    {file.name}
                  </a>
                </td>
                <td className="number">{bytes(file.bytes)}</td>
                <td>
                  <Hash value={file.sha256} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {first && <Command text={command(first)} />}
    </div>
  );
}

const command = (file: Student["files"][number]) =>
  `curl -fL -C - -o ${file.name} -H "Authorization: Bearer $DISTILLERY_API_KEY" ${location.origin}${file.url} && echo "${file.sha256}  ${file.name}" | sha256sum -c`;
