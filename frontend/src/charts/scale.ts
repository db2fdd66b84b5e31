/** Round ticks and ranges. */

/** Between `low` and `high`, at 1, 2 or 5 times a power of ten, about `wanted` of them. */
export function ticks(low: number, high: number, wanted = 5): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((m) => m * power >= rough * 0.999) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

export interface Extent {
  step: readonly number[];
  value: readonly number[];
}

/**
 * A range that shows what matters: with `focus` the first steep part of training may run out below, because the
 * differences that count are small and come late. Above `most`, which no value can pass, there is room for a line's
 * width alone.
 */
export function range(
  curves: readonly Extent[],
  levels: readonly number[],
  focus: boolean,
  most = Number.POSITIVE_INFINITY,
): [number, number] {
  const last = Math.max(0, ...curves.map((curve) => curve.step.at(-1) ?? 0));
  const late = focus ? last * 0.35 : -1;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { step, value } of curves) {
    for (let i = 0; i < value.length; i++) {
      const v = value[i] as number;
      if (!Number.isFinite(v)) continue;
      if (v > high) high = v;
      if (v < low && (step[i] as number) >= late) low = v;
    }
  }
  for (const level of levels) {
    if (level > high) high = level;
    if (level < low) low = level;
  }
  if (!Number.isFinite(low)) return [0, 1];
  const flat = high - low < 1e-9 * Math.abs(high); // equal but for the last bits of a mean
  const pad = flat ? Math.abs(high) / 2 || 1 : (high - low) * 0.08;
  const bottom = low >= 0 ? Math.max(0, low - pad) : low - pad;
  return [bottom, Math.min(high + pad, most + 0.02 * (high - bottom))];
}

/** Moves positions apart until they are `gap` from each other, each as little as possible, within [0, end]. */
export function dodge(positions: readonly number[], gap: number, end: number): number[] {
  const order = positions.map((_, i) => i).sort((a, b) => (positions[a] as number) - (positions[b] as number));
  const placed = order.map((i) => positions[i] as number);
  for (let i = 1; i < placed.length; i++) {
    placed[i] = Math.max(placed[i] as number, (placed[i - 1] as number) + gap);
  }
  const over = Math.max(0, (placed.at(-1) ?? 0) - end);
  for (let i = placed.length - 1; i >= 0 && over > 0; i--) {
    const limit = i === placed.length - 1 ? end : (placed[i + 1] as number) - gap;
    placed[i] = Math.min(placed[i] as number, limit);
  }
  const result = [...positions];
  order.forEach((original, i) => {
    result[original] = placed[i] as number;
  });
  return result;
}
