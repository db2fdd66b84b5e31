import type { Mark, Scene } from "./scene";

const SVG = "http://www.w3.org/2000/svg";
const FONT = "Inter Variable, Inter, system-ui, sans-serif";

type Attributes = Record<string, string | number | undefined>;

function element(name: string, attributes: Attributes, ...children: (Node | string)[]): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(key, String(value));
  }
  made.append(...children);
  return made;
}

/** A scene as an element of vectors. Texts go in as texts: whatever a name holds, it stays a name. */
export function svgElement(scene: Scene): SVGElement {
  const { width, height, plot } = scene;
  const clip = `plot-${Math.random().toString(36).slice(2)}`;
  return element(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, "font-family": FONT, role: "img" },
    element("title", {}, scene.title),
    element("desc", {}, scene.description),
    element("clipPath", { id: clip }, element("rect", { ...plot })),
    ...scene.marks.map((mark) => drawn(mark, clip)),
  );
}

export const svgText = (scene: Scene): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(svgElement(scene))}\n`;

function drawn(mark: Mark, clip: string): SVGElement {
  if (mark.kind === "rect") {
    const { x, y, width, height, fill } = mark;
    return element("rect", { x, y, width, height, fill });
  }
  if (mark.kind === "circle") {
    const { x, y, r, fill, stroke } = mark;
    return element("circle", { cx: x, cy: y, r, fill, stroke, "stroke-width": 1.5 });
  }
  if (mark.kind === "text") {
    const { x, y, text, fill, size, weight, anchor } = mark;
    const look = { x, y, fill, "font-size": size, "font-weight": weight, "text-anchor": anchor };
    return element("text", look, text);
  }
  return element("path", {
    d: mark.d,
    fill: mark.fill ?? "none",
    stroke: mark.stroke,
    "stroke-width": mark.width,
    "stroke-linejoin": "round",
    "stroke-dasharray": mark.dash?.join(" "),
    opacity: mark.opacity,
    "clip-path": mark.clipped ? `url(#${clip})` : undefined,
  });
}
