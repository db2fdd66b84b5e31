import type { ReactNode } from "react";

/** What a colour stands for. */
export function Key({ who, children }: { who: "student" | "teacher"; children: ReactNode }) {
  return (
    <span className="nowrap">
      <span className={`key ${who}`} aria-hidden /> {children}
    </span>
  );
}
