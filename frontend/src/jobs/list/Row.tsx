import { useQuery } from "@tanstack/react-query";
import { memo } from "react";
import type { Job } from "../queries";
import { bestOf } from "../Summary";
import { Cell } from "./Cell";
import type { Column } from "./columns";
import { sparkQuery } from "./sparks";

interface Props {
  job: Job;
  index: number;
  columns: readonly Column[];
  chosen: boolean;
  /** The one row that the Tab key stops at. */
  current: boolean;
  onChoose: (id: string, range: boolean) => void;
}

/** One job. All of the row leads to its page, but for the box that chooses it. */
export const Row = memo(function Row({ job, index, columns, chosen, current, onChoose }: Props) {
  const series = useQuery(sparkQuery(job)).data;
  const best = bestOf(job, series);
  const tabIndex = current ? 0 : -1;
  return (
    <tr aria-rowindex={index + 2} data-id={job.id} className={chosen ? "job-row chosen" : "job-row"}>
      <td className="select">
        <label>
          <input
            type="checkbox"
            checked={chosen}
            tabIndex={tabIndex}
            aria-label={`Choose ${job.name}`}
            onChange={(event) => onChoose(job.id, (event.nativeEvent as MouseEvent).shiftKey)}
          />
        </label>
      </td>
      {columns.map(({ key, number }) => (
        <td key={key} className={`col-${key} ${number ? "number" : ""}`}>
          <Cell job={job} column={key} best={best} series={series} tabIndex={tabIndex} />
        </td>
      ))}
    </tr>
  );
});
