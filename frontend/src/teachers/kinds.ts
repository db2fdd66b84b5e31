import { short } from "@/format";
import type { Teacher } from "./queries";

/** A network by its name, and in words what else teaches. */
export function whatItIs(teacher: Pick<Teacher, "kind" | "architecture" | "source">): string {
  if (teacher.kind === "onnx") return "ONNX model";
  if (teacher.kind === "table") return "table of logits";
  if (teacher.kind === "ensemble") return `mean of ${membersIn(teacher).length} teachers`;
  return short(teacher.architecture);
}

/** Of a student that teaches: its id. */
export const studentIn = ({ source }: Pick<Teacher, "source">): string | null =>
  (source as { student?: string }).student ?? null;

/** Of an ensemble: whom it was made of. They may be gone. */
export const membersIn = (teacher: Pick<Teacher, "source">): { teacher: string; weight: number }[] =>
  (teacher.source as { members?: { teacher: string; weight: number }[] }).members ?? [];
