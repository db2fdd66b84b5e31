import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Columns3 } from "lucide-react";
import { useId, useState } from "react";
import { datasetsQuery } from "@/datasets/queries";
import { count } from "@/format";
import { Combobox, type Option } from "@/new/Combobox";
import { some } from "@/search";
import { teachersQuery } from "@/teachers/queries";
import { Menu } from "@/ui/Menu";
import { COLUMNS, type Column, toggledColumn } from "./columns";
import { type JobsSearch, STATES, type State, statesOf, toggledState } from "./search";

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
        <TeacherFilter value={search.teacher} onChoose={(teacher) => to(some({ ...search, teacher }) as JobsSearch)} />
        <DatasetFilter value={search.dataset} onChoose={(dataset) => to(some({ ...search, dataset }) as JobsSearch)} />
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

interface PartProps {
  value: string | undefined;
  onChoose: (id: string | undefined) => void;
}

const TeacherFilter = (props: PartProps) => (
  <PartFilter {...props} what="teacher" known={useQuery(teachersQuery()).data?.data ?? []} />
);
const DatasetFilter = (props: PartProps) => (
  <PartFilter {...props} what="data set" known={useQuery(datasetsQuery()).data?.data ?? []} />
);

interface KnownProps extends PartProps {
  what: string;
  known: readonly { id: string; name: string }[];
}

const ANY = "any";

/** One of the parts that jobs are made of, or any. */
function PartFilter({ value, onChoose, what, known }: KnownProps) {
  const [text, setText] = useState("");
  const id = useId();
  const any: Option = { id: ANY, text: "", content: <span className="soft">Any {what}</span> };
  const found = known
    .filter((one) => one.name.toLowerCase().includes(text.toLowerCase()))
    .map(({ id, name }) => ({ id, text: name, content: <span className="clip">{name}</span> }));
  const chosen = value === undefined ? null : { text: known.find((one) => one.id === value)?.name ?? value };
  return (
    <div className="part-filter" data-chosen={value !== undefined}>
      <label className="unseen" htmlFor={id}>
        Filter by {what}
      </label>
      <Combobox
        id={id}
        label={`${what}s`}
        options={[any, ...found]}
        chosen={chosen}
        placeholder={`Any ${what}`}
        onSearch={setText}
        onChoose={(id) => onChoose(id === ANY ? undefined : id)}
      />
    </div>
  );
}
