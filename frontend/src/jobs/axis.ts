import { useMemo } from "react";
import { useChartSettings } from "@/charts/group";
import type { Axis } from "@/charts/lines";
import { useClock } from "./clock";
import { axisOf } from "./lines";
import type { Job } from "./queries";

/** The axis that the reader wants: epochs where the job knows them, else steps; steps; or the time, once it is known. */
export function useAxis(job: Job): Axis {
  const [{ x }] = useChartSettings();
  const clock = useClock(job, x === "time");
  const { name, perStep, end } = axisOf(job);
  return useMemo(() => {
    if (x === "time" && clock) return { name: "time", perStep: 1, end: null, clock };
    if (x === "step") return { name: "step", perStep: 1, end };
    return { name, perStep, end };
  }, [x, clock, name, perStep, end]);
}
