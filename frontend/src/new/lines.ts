import { plain, plural } from "@/format";
import type { RecipeForm } from "./form";
import { isFields } from "./schema";

const said = (value: unknown): string => (typeof value === "number" ? plain(value) : String(value ?? "?"));
const kindOf = (value: unknown): string => (isFields(value) ? String(value.kind).replaceAll("_", " ") : "?");

/** "resized crop, randaugment, erasing" */
function augmentation(augment: unknown): string {
  if (!isFields(augment)) return "?";
  const more = ["jitter", "erasing"].filter((name) => isFields(augment[name]));
  return [kindOf(augment), ...(isFields(augment.policy) ? [kindOf(augment.policy)] : []), ...more].join(", ");
}

/** "120 epochs · batch 256 · SGD 0.05, cosine · crop flip · precision auto" */
export function scheduleLine({ training }: RecipeForm): string {
  const {
    epochs,
    batch_size,
    optimizer,
    schedule,
    augment,
    mix,
    views,
    precision,
    label_smoothing: smoothing,
  } = training;
  const { kind = "?", lr } = isFields(optimizer) ? optimizer : {};
  return [
    typeof epochs === "number" ? plural(epochs, "epoch") : `${said(epochs)} epochs`,
    `batch ${said(batch_size)}`,
    `${String(kind).toUpperCase()} ${said(lr)}, ${kindOf(schedule)}`,
    `augmentation ${augmentation(augment)}`,
    isFields(mix) ? "mixed images" : null,
    views === 2 ? "two views" : null,
    smoothing ? `label smoothing ${said(smoothing)}` : null,
    `precision ${said(precision)}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** "safetensors, torch · 1 GPU · priority 0" */
export function deliveryLine(form: RecipeForm): string {
  const { exports, resources, priority, metadata, teacher_check: strict } = form;
  const gpus = isFields(resources) ? resources.gpus : undefined;
  const labels = isFields(metadata) ? Object.keys(metadata).length : 0;
  return [
    Array.isArray(exports) && exports.length > 0 ? exports.join(", ") : "no files",
    gpus === 0 ? "no GPU" : typeof gpus === "number" ? plural(gpus, "GPU") : `${said(gpus)} GPUs`,
    `priority ${said(priority)}`,
    strict === "off" ? "teacher not checked" : "teacher checked first",
    labels ? plural(labels, "label") : null,
  ]
    .filter(Boolean)
    .join(" · ");
}
