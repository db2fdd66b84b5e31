import { useNavigate } from "@tanstack/react-router";
import { useId } from "react";
import { seriesColor } from "@/charts/color";
import type { Group } from "@/jobs/groups";
import { Choice } from "@/uploads/Choice";
import type { Chosen } from "./chosen";

const FEW = 5; // students that stand side by side

interface Props {
  groups: readonly Group[];
  chosen: Chosen;
}

/** Whose classes, images and gradients are shown below. It stays in sight, and the page stays where it is. */
export function Picker({ groups, chosen }: Props) {
  const navigate = useNavigate({ from: "/jobs/$id/distillation" });
  const name = useId();
  const seeds = chosen.group.members;
  if (groups.length < 2 && seeds.length < 2) return null;
  const choose = (student: string | undefined) =>
    void navigate({
      to: ".",
      search: (before) => ({ ...before, ...(student ? { student } : {}) }),
      replace: true,
      resetScroll: false,
    });
  const chooseGroup = (group: Group | undefined) =>
    choose((group?.members.find((one) => one.seed === chosen.member.seed) ?? group?.members[0])?.id);
  return (
    <div className="distilled-picker">
      {groups.length > 1 && groups.length <= FEW && (
        <fieldset className="choice swatched">
          <legend className="unseen">Student to look at</legend>
          {groups.map((group) => (
            <label key={group.name}>
              <input
                type="radio"
                name={name}
                checked={group === chosen.group}
                onChange={() => chooseGroup(group)}
                aria-label={group.name}
              />
              <span title={group.name}>
                <span className="swatch" style={{ background: seriesColor(group.hue) }} aria-hidden />
                <span className="clip" dir="auto">
                  {group.name}
                </span>
              </span>
            </label>
          ))}
        </fieldset>
      )}
      {groups.length > FEW && (
        <label className="row">
          <span className="small soft">Student to look at</span>
          <span className="swatch" style={{ background: seriesColor(chosen.group.hue) }} aria-hidden />
          <select
            className="input"
            value={chosen.group.name}
            onChange={(event) => chooseGroup(groups.find((group) => group.name === event.target.value))}
          >
            {groups.map((group) => (
              <option key={group.name} value={group.name}>
                {group.name}
              </option>
            ))}
          </select>
        </label>
      )}
      {seeds.length > 1 && (
        <Choice
          label="Seed"
          choices={seeds.map((one) => ({ key: one.id, name: `seed ${one.seed}` }))}
          value={chosen.member.id}
          onChange={choose}
        />
      )}
    </div>
  );
}
