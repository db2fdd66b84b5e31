import type { Mark, Scene } from "./scene";

const FONT = '"Inter Variable", Inter, system-ui, sans-serif';
const SHARP = 2; // pixels of the picture for one of the scene

/** A scene as a picture. */
export function pngBlob(scene: Scene): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = scene.width * SHARP;
  canvas.height = scene.height * SHARP;
  const ctx = canvas.getContext("2d");
  if (!ctx) return Promise.reject(new Error("This browser has no canvas."));
  ctx.scale(SHARP, SHARP);
  for (const mark of scene.marks) {
    ctx.save();
    draw(ctx, mark, scene);
    ctx.restore();
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture could not be made."))), "image/png");
  });
}

function draw(ctx: CanvasRenderingContext2D, mark: Mark, { plot }: Scene): void {
  if (mark.kind === "rect") {
    ctx.fillStyle = mark.fill;
    ctx.fillRect(mark.x, mark.y, mark.width, mark.height);
  } else if (mark.kind === "circle") {
    ctx.beginPath();
    ctx.arc(mark.x, mark.y, mark.r, 0, 2 * Math.PI);
    ctx.fillStyle = mark.fill;
    ctx.strokeStyle = mark.stroke;
    ctx.lineWidth = 1.5;
    ctx.fill();
    ctx.stroke();
  } else if (mark.kind === "text") {
    ctx.font = `${mark.weight} ${mark.size}px ${FONT}`;
    ctx.textAlign = mark.anchor === "middle" ? "center" : mark.anchor;
    ctx.fillStyle = mark.fill;
    ctx.fillText(mark.text, mark.x, mark.y);
  } else {
    if (mark.clipped) {
      ctx.beginPath();
      ctx.rect(plot.x, plot.y, plot.width, plot.height);
      ctx.clip();
    }
    const path = new Path2D(mark.d);
    ctx.globalAlpha = mark.opacity ?? 1;
    ctx.lineJoin = "round";
    ctx.setLineDash([...(mark.dash ?? [])]);
    ctx.lineWidth = mark.width ?? 1;
    if (mark.fill) {
      ctx.fillStyle = mark.fill;
      ctx.fill(path);
    }
    if (mark.stroke) {
      ctx.strokeStyle = mark.stroke;
      ctx.stroke(path);
    }
  }
}
