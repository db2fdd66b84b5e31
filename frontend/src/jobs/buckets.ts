import type { Series } from "./queries";

/** What a frame tells of one curve. */
export interface Points {
  student: string | null;
  name: string;
  step: number[];
  value: number[];
}

/**
 * The curve with more points, in buckets of `width` steps as the service makes them: the last value is the line, the
 * least and the greatest are the band. A page that stays open for days keeps no more than one that was just opened.
 */
export function append(series: Series, points: Points, width: number): Series {
  const next = copy(series);
  points.step.forEach((at, i) => {
    put(next, width, at, points.value[i] as number);
  });
  return next;
}

/** The same curve in buckets of more steps. */
export function coarser(series: Series, width: number): Series {
  const next: Series = { ...series, step: [], value: [], min: [], max: [] };
  series.step.forEach((at, i) => {
    put(next, width, at, series.value[i] as number);
    const last = next.step.length - 1;
    next.min[last] = Math.min(next.min[last] as number, series.min[i] as number);
    next.max[last] = Math.max(next.max[last] as number, series.max[i] as number);
  });
  return { ...next, points: series.points };
}

/** Without the points beyond a step. */
export function rewind(series: Series, toStep: number): Series {
  const keep = series.step.filter((step) => step <= toStep).length;
  if (keep === series.step.length) return series;
  const cut = (column: number[]) => column.slice(0, keep);
  // How many points stood for those that are gone is not known; as many as for the others, about.
  const points = series.step.length ? Math.round((series.points * keep) / series.step.length) : 0;
  return {
    ...series,
    step: cut(series.step),
    value: cut(series.value),
    min: cut(series.min),
    max: cut(series.max),
    points,
  };
}

const copy = (series: Series): Series => ({
  ...series,
  step: [...series.step],
  value: [...series.value],
  min: [...series.min],
  max: [...series.max],
});

/** One more point; the same step again replaces what was told of it. */
function put(series: Series, width: number, at: number, one: number): void {
  const { step, value, min, max } = series;
  const bucket = Math.floor(at / width);
  let place = step.length;
  while (place > 0 && Math.floor((step[place - 1] as number) / width) >= bucket) place--;
  const known = step[place];
  if (known === undefined || Math.floor(known / width) !== bucket) {
    step.splice(place, 0, at);
    for (const column of [value, min, max]) column.splice(place, 0, one);
    series.points += 1;
    return;
  }
  const again = known === at;
  if (at >= known) {
    step[place] = at;
    value[place] = one;
  }
  const alone = again && width === 1;
  min[place] = alone ? one : Math.min(min[place] as number, one);
  max[place] = alone ? one : Math.max(max[place] as number, one);
  if (!again) series.points += 1;
}
