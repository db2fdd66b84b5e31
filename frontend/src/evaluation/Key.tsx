import type { ReactNode } from "react";

/** What a colour stands for. A control's mark is hollow. */
export function Key({ who, children }: { who: "student" | "teacher" | "control" | "origin"; children: ReactNode }) {
  return (
    <span className="key-line">
      <span className={`key ${who}`} aria-hidden />
      <span className="clip">{children}</span>
    </span>
  );
}
