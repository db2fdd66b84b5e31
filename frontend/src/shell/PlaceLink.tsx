import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { count } from "@/format";
import { ACTIVE } from "@/jobs/queries";
import { type Counts, countsQuery } from "./counts";
import type { Place } from "./places";

interface Props {
  place: Place;
  /** Only where there is room for all of them. */
  wide?: boolean;
  onClick?: () => void;
}

export function PlaceLink({ place: { to, name, icon: Icon }, wide = false, onClick }: Props) {
  const counts = useQuery(countsQuery).data;
  const here = counts && within(to, counts);
  return (
    <Link
      to={to}
      className={`nav ${wide ? "wide" : ""}`}
      title={name}
      activeOptions={{ exact: to === "/", includeSearch: false }}
      activeProps={{ "aria-current": "page" }}
      onClick={onClick}
    >
      <Icon size={16} aria-hidden />
      <span className="name">{name}</span>
      {here ? (
        <span className="count">
          {count(here.n)}
          <span className="unseen">{here.word}</span>
        </span>
      ) : null}
    </Link>
  );
}

/** How much is at a place; of jobs, those that may still do something. */
function within(to: Place["to"], { jobs, students, teachers, datasets, workers }: Counts) {
  const active = ACTIVE.reduce((sum, status) => sum + (jobs[status] ?? 0), 0);
  const all: Partial<Record<Place["to"], { n: number; word: string }>> = {
    "/jobs": { n: active, word: " active" },
    "/students": { n: students, word: "" },
    "/teachers": { n: teachers, word: "" },
    "/datasets": { n: datasets, word: "" },
    "/workers": { n: workers, word: "" },
  };
  const here = all[to];
  return here && here.n > 0 ? here : null;
}
