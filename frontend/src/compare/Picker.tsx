import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useDeferredValue, useId, useState } from "react";
import { seriesColor } from "@/charts/color";
import { ago, percent } from "@/format";
import { jobsQuery } from "@/jobs/queries";
import { Combobox } from "@/new/Combobox";
import { Status } from "@/ui/Status";
import type { Candidate } from "./candidates";
import { MOST } from "./search";

interface Props {
  candidates: readonly Candidate[];
  /** Every id of the address, also of jobs that are not there. */
  chosen: readonly string[];
  onAdd: (id: string) => void;
  onRemove: (id: string) => void;
}

const SHOWN = 12;

/** The jobs that are compared, each in its colour, and a box that finds others. */
export function Picker({ candidates, chosen, onAdd, onRemove }: Props) {
  const [text, setText] = useState("");
  const id = useId();
  const full = chosen.length >= MOST;
  const name = useDeferredValue(text);
  const found = useQuery(jobsQuery({ limit: SHOWN, ...(name ? { name } : {}) })).data?.data ?? [];
  const options = found
    .filter((job) => !chosen.includes(job.id))
    .map((job) => ({
      id: job.id,
      text: job.name,
      content: (
        <>
          <span className="clip" dir="auto">
            {job.name}
          </span>
          <span className="small soft nowrap">
            {job.status === "succeeded" ? percent(job.top1) : job.status} · {ago(job.created_at)}
          </span>
        </>
      ),
    }));
  return (
    <div className="compared">
      <ul className="row">
        {candidates.map(({ job, hue, name: own }) => (
          <li key={job.id} className="compared-job">
            <span className="swatch" style={{ background: seriesColor(hue) }} aria-hidden />
            <Link to="/jobs/$id" params={{ id: job.id }} className="clip quiet strong" title={own} dir="auto">
              {own}
            </Link>
            {job.status !== "succeeded" && <Status value={job.status} />}
            <button
              type="button"
              className="button bare"
              aria-label={`Take ${own} out of the comparison`}
              onClick={() => onRemove(job.id)}
            >
              <X size={14} aria-hidden />
            </button>
          </li>
        ))}
      </ul>
      <div className="compared-search">
        <label className="unseen" htmlFor={id}>
          Add a job
        </label>
        <Combobox
          id={id}
          label="Jobs"
          options={full ? [] : options}
          chosen={null}
          placeholder={chosen.length === 0 ? "Search jobs to compare" : "Add a job"}
          onSearch={setText}
          onChoose={onAdd}
          note={
            full
              ? `${MOST} jobs are as many as can be told apart.`
              : options.length === 0 && "No other job is called so."
          }
        />
      </div>
    </div>
  );
}
