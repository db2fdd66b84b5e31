import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { tinykeys } from "tinykeys";
import { usePlainShortcuts } from "./plain";
import { type Act, bindings } from "./table";

/** Binds every shortcut for as long as the shell stands. */
export function useShortcuts(open: (what: "palette" | "help") => void): void {
  const navigate = useNavigate();
  const plain = usePlainShortcuts();
  useEffect(() => {
    const act = (what: Act) => {
      if (what === "search" && focusSearch()) return;
      open(what === "help" ? "help" : "palette");
    };
    return tinykeys(window, bindings({ to: (path) => void navigate({ to: path }), act }, plain));
  }, [navigate, open, plain]);
}

/** The page's own search, if it has one that can be seen. */
function focusSearch(): boolean {
  const fields = document.querySelectorAll<HTMLInputElement>("main input[type='search']");
  const field = [...fields].find((one) => one.checkVisibility());
  field?.focus();
  field?.select();
  return field !== undefined;
}
