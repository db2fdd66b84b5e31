/** Colours for a canvas: what a CSS expression (`var(--accent)`, `color-mix(…)`) comes to in the theme of now. */
export function resolve(expression: string, near: HTMLElement, scheme?: "light"): string {
  const probe = document.createElement("span");
  probe.style.color = expression;
  if (scheme) probe.style.colorScheme = scheme;
  near.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

/** A colour that every program reads: "#2f5bd7". */
export function hex(color: string): string {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const ctx = canvas.getContext("2d", { willReadFrequently: true });
  if (!ctx) return color;
  ctx.fillStyle = color;
  ctx.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = ctx.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

const NAMED = 4;

/** The mark of the n-th student of a job (from 0): four tokens, then equal steps around the colour circle. */
export function seriesColor(n: number): string {
  if (n < NAMED) return `var(--series-${n + 1})`;
  const hue = (262 + 137.5 * (n - NAMED + 1)) % 360;
  return `light-dark(oklch(0.52 0.13 ${hue}), oklch(0.76 0.11 ${hue}))`;
}

/** The same as text. */
export function seriesText(n: number): string {
  return n === 1 || n === 3 ? `var(--series-${n + 1}-text)` : seriesColor(n);
}

/** A control: grey, with a trace of the student that it is the control of. */
export function controlColor(n: number): string {
  return `color-mix(in oklab, var(--control) 72%, ${seriesColor(n)})`;
}
