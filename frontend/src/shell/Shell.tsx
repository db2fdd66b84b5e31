import { Outlet, useLocation } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { LiveProvider } from "@/live/LiveProvider";
import { useBell } from "@/notify/useBell";
import { useRemember } from "@/palette/recent";
import { useShortcuts } from "@/shortcuts/useShortcuts";
import { Toasts } from "@/toasts/Toasts";
import { Sidebar } from "./Sidebar";
import { TopBar } from "./TopBar";

// Neither is on the first screen.
const loadPalette = () => import("@/palette/Palette");
const Palette = lazy(() => loadPalette().then(({ Palette }) => ({ default: Palette })));
const HelpDialog = lazy(() => import("@/shortcuts/HelpDialog").then(({ HelpDialog }) => ({ default: HelpDialog })));

/** What every page stands in: the way to the others, the search, the stream that keeps all of it fresh. */
export function Shell({ children }: { children?: ReactNode }) {
  return (
    <LiveProvider>
      <Room>{children ?? <Outlet />}</Room>
    </LiveProvider>
  );
}

function Room({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<"palette" | "help" | null>(null);
  const close = () => setOpen(null);
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is open belongs to the page that it was opened on
  useEffect(() => setOpen(null), [pathname]);
  useShortcuts(setOpen);
  useRemember();
  useBell();
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <Sidebar />
      <div className="column">
        <TopBar onSearch={() => setOpen("palette")} onNear={() => void loadPalette()} />
        {children}
      </div>
      <Toasts />
      <Suspense>
        {open === "palette" && <Palette onClose={close} onHelp={() => setOpen("help")} />}
        {open === "help" && <HelpDialog onClose={close} />}
      </Suspense>
    </div>
  );
}
