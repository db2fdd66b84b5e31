import { Search } from "lucide-react";
import type { ReactNode } from "react";
import { useChartSettings } from "@/charts/group";
import { MOST_SMOOTH } from "@/charts/settings";

interface Props {
  /** What a plain axis counts. */
  plainly: "epoch" | "step" | "time";
  /** Whether the times of steps are known or can be asked for. */
  timed: boolean;
  find: string;
  onFind: (text: string) => void;
  children?: ReactNode;
}

/** How all charts below are looked at. Everything here stands in the address. */
export function Toolbar({ plainly, timed, find, onFind, children }: Props) {
  const [{ smooth, log, x }, change] = useChartSettings();
  const axes = [
    ...(plainly === "epoch" ? ([[null, "epoch"]] as const) : []),
    [plainly === "epoch" ? "step" : null, "step"] as const,
    ...(timed ? ([["time", "time"]] as const) : []),
  ];
  return (
    <div className="chart-tools">
      <div className="row">
        <div className="search">
          <Search size={16} aria-hidden />
          <input
            className="input"
            type="search"
            aria-label="Search the charts"
            placeholder="Search the charts"
            value={find}
            onChange={(event) => onFind(event.target.value)}
          />
        </div>
        <label className="slider">
          <span className="soft small">Smooth</span>
          <input
            type="range"
            min={0}
            max={MOST_SMOOTH}
            step={0.01}
            value={smooth}
            onChange={(event) => change({ smooth: Number(event.target.value) })}
          />
          <output className="small">{smooth === 0 ? "off" : smooth.toFixed(2)}</output>
        </label>
        <button
          type="button"
          className="button"
          aria-pressed={log}
          title="Equal ratios, equal distances; shares stay as they are"
          onClick={() => change({ log: !log })}
        >
          Log scale
        </button>
        <fieldset className="row filters" aria-label="Horizontal axis">
          {axes.map(([value, name]) => (
            <button
              key={name}
              type="button"
              className="button"
              aria-pressed={x === value || (value === null && x === "step" && plainly === "step")}
              onClick={() => change({ x: value })}
            >
              {name}
            </button>
          ))}
        </fieldset>
      </div>
      {children}
    </div>
  );
}
