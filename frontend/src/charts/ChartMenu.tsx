import { Ellipsis } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Choices } from "@/ui/Choices";
import { hex, resolve } from "./color";
import { csvOf } from "./csv";
import { download, fileName } from "./download";
import type { Level, Line } from "./lines";
import type { Look } from "./look";
import { pngBlob } from "./png";
import { type Scene, sceneOf } from "./scene";
import { svgText } from "./svg";

interface Props {
  title: string;
  caption: string;
  metric: string;
  /** What is seen: this becomes the picture. */
  look: Look;
  /** What there is: this becomes the table. */
  lines: readonly Line[];
  levels: readonly Level[];
}

const WIDTH = 960;
const HEIGHT = 480;

/** What can be taken away from a chart. */
export function ChartMenu({ title, caption, metric, look, lines, levels }: Props) {
  const ref = useRef<HTMLSpanElement>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = window.setTimeout(() => setCopied(false), 1500);
    return () => window.clearTimeout(timer);
  }, [copied]);

  const scene = (): Scene => {
    const near = ref.current ?? document.body;
    const frame = { title, caption, width: WIDTH, height: HEIGHT };
    return sceneOf(look, frame, (css) => hex(resolve(css, near)));
  };
  const name = (ending: string) => `${fileName(document.title.replace(" · Distillery", ""), metric)}.${ending}`;
  const items = [
    {
      key: "png",
      name: "Download PNG",
      choose: async () => {
        download(name("png"), await pngBlob(scene()));
        return undefined;
      },
    },
    {
      key: "svg",
      name: "Download SVG",
      choose: () => {
        download(name("svg"), new Blob([svgText(scene())], { type: "image/svg+xml" }));
        return undefined;
      },
    },
    {
      key: "csv",
      name: "Download CSV",
      choose: () => {
        download(name("csv"), new Blob([csvOf(lines, levels, look.axis)], { type: "text/csv;charset=utf-8" }));
        return undefined;
      },
    },
    {
      key: "link",
      name: <span aria-live="polite">{copied ? "Link copied" : "Copy link to this chart"}</span>,
      choose: async () => {
        const address = `${location.origin}${location.pathname}${location.search}#${encodeURIComponent(metric)}`;
        await navigator.clipboard?.writeText(address);
        setCopied(true);
        return true;
      },
    },
  ];
  return (
    <span ref={ref} className="chart-menu">
      <Choices label={`Take away “${title}”`} icon={<Ellipsis size={16} aria-hidden />} items={items} />
    </span>
  );
}
