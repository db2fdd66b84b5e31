import { Link, useLocation } from "@tanstack/react-router";
import { ChevronLeft, Search } from "lucide-react";
import { ConnectionDot } from "@/live/ConnectionDot";
import { Keys } from "@/shortcuts/Keys";
import { ariaKeys } from "@/shortcuts/table";
import { PLACES } from "./places";

interface Props {
  onSearch: () => void;
  /** A pointer comes near, or the focus: what will be asked for can be fetched. */
  onNear: () => void;
}

/** Above every page, always in the same place: the way back, the search, the connection. */
export function TopBar({ onSearch, onNear }: Props) {
  return (
    <section className="topbar" aria-label="Search and connection">
      <Back />
      <button
        type="button"
        className="jump"
        aria-haspopup="dialog"
        aria-keyshortcuts={ariaKeys("$mod+k")}
        onClick={onSearch}
        onPointerEnter={onNear}
        onFocus={onNear}
      >
        <Search size={16} aria-hidden />
        <span>Search or jump to</span>
        <Keys keys="$mod+k" />
      </button>
      <ConnectionDot />
    </section>
  );
}

/** From one of them to all of them. */
function Back() {
  const path = useLocation({ select: ({ pathname }) => pathname });
  const place = PLACES.find(({ to }) => to !== "/" && path.startsWith(`${to}/`));
  return place ? (
    <Link to={place.to} className="back small">
      <ChevronLeft size={14} aria-hidden />
      All {place.name.toLowerCase()}
    </Link>
  ) : (
    <span />
  );
}
