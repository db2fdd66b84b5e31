import { ArrowDown, ArrowUp } from "lucide-react";

/** How a column is sorted. Its place is kept free where it is not: a head does not move when it is pressed. */
export function SortMark({ by }: { by: "asc" | "desc" | null }) {
  const Mark = by === "asc" ? ArrowUp : ArrowDown;
  return <Mark size={12} aria-hidden />;
}
