import { useMemo } from "react";
import { Card } from "@/ui/Card";
import type { Candidate } from "./candidates";
import { type Setting, settingsOf } from "./configuration";
import { Columns } from "./Figures";
import type { CompareSearch } from "./search";

interface Props {
  candidates: readonly Candidate[];
  search: CompareSearch;
  onChange: (search: CompareSearch) => void;
}

/** Where the jobs were asked for otherwise; all of it on demand. */
export function Configuration({ candidates, search: { all, ...search }, onChange }: Props) {
  const settings = useMemo(() => settingsOf(candidates.map((one) => one.job)), [candidates]);
  const differ = settings.filter((one) => one.differs);
  const shown = all ? settings : differ;
  return (
    <Card
      title="What was asked otherwise?"
      aside={
        <label className="row show-all">
          <input
            type="checkbox"
            checked={all === true}
            onChange={(event) => onChange(event.target.checked ? { ...search, all: true } : search)}
          />
          Show all {settings.length} settings
        </label>
      }
      flush
    >
      {shown.length === 0 ? (
        <p className="soft note">Nothing: they were asked for with the same settings.</p>
      ) : (
        <Columns label="Settings" candidates={candidates}>
          {shown.map((setting, i) => (
            <SettingRow
              key={`${setting.section} ${setting.name}`}
              setting={setting}
              head={setting.section !== shown[i - 1]?.section}
              jobs={candidates}
            />
          ))}
        </Columns>
      )}
    </Card>
  );
}

interface RowProps {
  setting: Setting;
  /** Whether its section begins with it. */
  head: boolean;
  jobs: readonly Candidate[];
}

function SettingRow({ setting: { section, name, values, differs }, head, jobs }: RowProps) {
  return (
    <tr className={head ? "section" : undefined}>
      <th scope="row">
        <span className={head ? "small soft section-name" : "unseen"}>{section}</span>
        {name}
      </th>
      {jobs.map(({ job }, i) => (
        <td key={job.id} className={`wrap ${differs ? "" : "soft"}`}>
          {values[i] ?? <span className="soft">–</span>}
        </td>
      ))}
    </tr>
  );
}
