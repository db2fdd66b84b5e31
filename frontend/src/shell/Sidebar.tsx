import { Link, useLocation } from "@tanstack/react-router";
import { Ellipsis, FlaskConical, LogOut, Moon, Sun } from "lucide-react";
import { useState } from "react";
import { createPortal } from "react-dom";
import { toggleTheme, useTheme } from "@/theme";
import { MoreDialog } from "./MoreDialog";
import { PlaceLink } from "./PlaceLink";
import { PLACES, REFERENCE } from "./places";
import { useSignOut } from "./useSignOut";

const IN_BAR = 4;

/** The way to every place, with how much is there; icons where there is little room, a bar on a telephone. */
export function Sidebar() {
  return (
    <header className="sidebar">
      <Link to="/" className="brand" aria-label="Distillery">
        <FlaskConical size={18} aria-hidden />
        <span>Distillery</span>
      </Link>
      <nav aria-label="Main">
        {PLACES.map((place, i) => (
          <PlaceLink key={place.to} place={place} wide={i >= IN_BAR} />
        ))}
      </nav>
      <div className="foot">
        <PlaceLink place={REFERENCE} wide />
        <Deeds />
      </div>
      <More />
    </header>
  );
}

/** What is no place: the other theme, the way out. */
export function Deeds({ onDone }: { onDone?: () => void }) {
  const theme = useTheme();
  const signOut = useSignOut();
  const other = theme === "dark" ? "light" : "dark";
  const Icon = theme === "dark" ? Sun : Moon;
  return (
    <>
      <button type="button" className="nav" title={`Switch to ${other}`} onClick={toggleTheme}>
        <Icon size={16} aria-hidden />
        <span className="name">{`Switch to ${other}`}</span>
      </button>
      <button
        type="button"
        className="nav"
        title="Sign out"
        onClick={() => {
          onDone?.();
          signOut.mutate();
        }}
      >
        <LogOut size={16} aria-hidden />
        <span className="name">Sign out</span>
      </button>
    </>
  );
}

/** On a telephone: the places that have no room in the bar. */
function More() {
  const [open, setOpen] = useState(false);
  const path = useLocation({ select: ({ pathname }) => pathname });
  const there = [...PLACES.slice(IN_BAR), REFERENCE].some(({ to }) => path.startsWith(to));
  return (
    <>
      <button
        type="button"
        className="nav more"
        aria-haspopup="dialog"
        aria-current={there ? "true" : undefined}
        onClick={() => setOpen(true)}
      >
        <Ellipsis size={18} aria-hidden />
        <span className="name">More</span>
      </button>
      {open &&
        createPortal(
          <MoreDialog places={[...PLACES.slice(IN_BAR), REFERENCE]} onClose={() => setOpen(false)} />,
          document.body,
        )}
    </>
  );
}
