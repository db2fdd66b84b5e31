/**
 * An exponential moving average without the pull of its start: each point is the mean of all before it, weighted by
 * `weight` once per point back. What is no number leaves a gap and does not count.
 */
export function smoothed(values: readonly number[], weight: number): number[] {
  let sum = 0;
  let share = 0; // of the weights that have been given out: what the start lacks
  return values.map((value) => {
    if (!Number.isFinite(value)) return Number.NaN;
    sum = weight * sum + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return sum / share;
  });
}
