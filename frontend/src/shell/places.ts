import {
  BookOpen,
  ChartSpline,
  Database,
  GraduationCap,
  House,
  ListChecks,
  type LucideIcon,
  Server,
  Settings,
  Sprout,
} from "lucide-react";

export interface Place {
  to: "/" | "/jobs" | "/explore" | "/students" | "/teachers" | "/datasets" | "/workers" | "/settings" | "/api";
  name: string;
  icon: LucideIcon;
}

/** The places of the dashboard, in the order of the sidebar. On a telephone the first four stand in the bar. */
export const PLACES: readonly Place[] = [
  { to: "/", name: "Overview", icon: House },
  { to: "/jobs", name: "Jobs", icon: ListChecks },
  { to: "/explore", name: "Explore", icon: ChartSpline },
  { to: "/students", name: "Students", icon: Sprout },
  { to: "/teachers", name: "Teachers", icon: GraduationCap },
  { to: "/datasets", name: "Data sets", icon: Database },
  { to: "/workers", name: "Workers", icon: Server },
  { to: "/settings", name: "Settings", icon: Settings },
];

/** Read rather than visited: below the others. */
export const REFERENCE: Place = { to: "/api", name: "API reference", icon: BookOpen };
export const ALL_PLACES: readonly Place[] = [...PLACES, REFERENCE];
