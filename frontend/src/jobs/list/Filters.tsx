import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Columns3 } from "lucide-react";
import { datasetsQuery } from "@/datasets/queries";
import { count } from "@/format";
import { some } from "@/search";
import { sortedBy, sortOf } from "@/sort";
import { teachersQuery } from "@/teachers/queries";
import { Menu } from "@/ui/Menu";
import { PartFilter } from "@/ui/PartFilter";
import { SortBy } from "@/ui/SortBy";
import { COLUMNS, type Column, SORTS, toggledColumn } from "./columns";
import { FIRST, type JobsSearch, STATES, type State, statesOf, toggledState } from "./search";

interface Props {
  search: JobsSearch;
  columns: readonly Column[];
  /** Jobs of each status; undefined until they are counted. */
  counts: Partial<Record<string, number>> | undefined;
}

/** What narrows the list, all of it in the address. */
export function Filters({ search, columns, counts }: Props) {
  const navigate = useNavigate({ from: "/jobs" });
  const to = (next: JobsSearch) => void navigate({ search: next });
  const chosen = statesOf(search);
  return (
    <div className="row job-filters">
      <fieldset className="row filters">
        <legend className="unseen">Status</legend>
        {(Object.keys(STATES) as State[]).map((state) => (
          <button
            key={state}
            type="button"
            className="button small"
            aria-pressed={chosen.includes(state)}
            onClick={() => to(toggledState(search, state))}
          >
            {state}
            <span className="soft tally">{counts ? count(tally(counts, state)) : ""}</span>
          </button>
        ))}
      </fieldset>
      <div className="row">
        <PartFilter
          what="teacher"
          known={useQuery(teachersQuery()).data?.data ?? []}
          value={search.teacher}
          onChoose={(teacher) => to(some({ ...search, teacher }) as JobsSearch)}
        />
        <PartFilter
          what="data set"
          known={useQuery(datasetsQuery()).data?.data ?? []}
          value={search.dataset}
          onChoose={(dataset) => to(some({ ...search, dataset }) as JobsSearch)}
        />
        <SortBy
          choices={SORTS}
          now={sortOf(search, FIRST)}
          onSort={(sort) => void navigate({ search: sortedBy(search, FIRST, sort), replace: true })}
        />
        <Menu
          label={
            <>
              <Columns3 size={14} aria-hidden />
              Columns
            </>
          }
        >
          <fieldset className="checks">
            <legend className="small soft">Show</legend>
            {COLUMNS.map(({ key, head }) => (
              <label key={key} className="row">
                <input
                  type="checkbox"
                  checked={columns.some((column) => column.key === key)}
                  disabled={key === "name"}
                  onChange={() => to(toggledColumn(search, columns, key))}
                />
                {head}
              </label>
            ))}
          </fieldset>
        </Menu>
      </div>
    </div>
  );
}

const tally = (counts: Partial<Record<string, number>>, state: State): number =>
  STATES[state].reduce((sum, status) => sum + (counts[status] ?? 0), 0);
