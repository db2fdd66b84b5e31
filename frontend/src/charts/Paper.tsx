import { useLayoutEffect, useRef } from "react";
import { resolve } from "./color";
import type { Look } from "./look";
import { sceneOf } from "./scene";
import { svgElement } from "./svg";

const WIDTH = 720;
const HEIGHT = 300;

/** The chart as vectors in light colours, for a page that is being printed: a canvas is neither sharp nor as wide. */
export function Paper({ title, caption, look }: { title: string; caption: string; look: Look }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const frame = { title, caption, width: WIDTH, height: HEIGHT };
    element.replaceChildren(svgElement(sceneOf(look, frame, (css) => resolve(css, element, "light"))));
  }, [title, caption, look]);
  return <div ref={ref} className="paper" />;
}
