import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import {
  Database,
  FlaskConical,
  GraduationCap,
  House,
  ListChecks,
  LogOut,
  Moon,
  Server,
  Sprout,
  Sun,
} from "lucide-react";
import type { ReactNode } from "react";
import { api, take } from "@/api/client";
import { ACTIVE, jobsQuery } from "@/jobs/queries";
import { toggleTheme, useTheme } from "@/theme";

const PLACES = [
  { to: "/", name: "Overview", icon: House },
  { to: "/jobs", name: "Jobs", icon: ListChecks },
  { to: "/students", name: "Students", icon: Sprout },
  { to: "/teachers", name: "Teachers", icon: GraduationCap },
  { to: "/datasets", name: "Data sets", icon: Database },
  { to: "/workers", name: "Workers", icon: Server },
] as const;

/** What every page stands in: the way to the others, the theme, the way out. */
export function Shell({ children }: { children?: ReactNode }) {
  const theme = useTheme();
  const navigate = useNavigate();
  const active = useQuery(jobsQuery({ status: [...ACTIVE], limit: 100 })).data?.data.length;
  const signOut = useMutation({
    mutationFn: () => take(api.DELETE("/v1/sessions/current")),
    onSuccess: () => navigate({ to: "/login" }),
  });
  const other = theme === "dark" ? "light" : "dark";
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="sidebar">
        <Link to="/" className="brand" aria-label="Distillery">
          <FlaskConical size={18} aria-hidden />
          <span>Distillery</span>
        </Link>
        <nav aria-label="Main">
          {PLACES.map(({ to, name, icon: Icon }) => (
            <Link
              key={to}
              to={to}
              className="nav"
              title={name}
              activeOptions={{ exact: to === "/", includeSearch: false }}
              activeProps={{ "aria-current": "page" }}
            >
              <Icon size={16} aria-hidden />
              <span>{name}</span>
              {to === "/jobs" && active ? (
                <span className="count">
                  {active}
                  <span className="unseen"> active</span>
                </span>
              ) : null}
            </Link>
          ))}
        </nav>
        <div className="foot">
          <button type="button" className="nav" title={`Switch to ${other}`} onClick={toggleTheme}>
            {theme === "dark" ? <Sun size={16} aria-hidden /> : <Moon size={16} aria-hidden />}
            <span>{`Switch to ${other}`}</span>
          </button>
          <button type="button" className="nav" title="Sign out" onClick={() => signOut.mutate()}>
            <LogOut size={16} aria-hidden />
            <span>Sign out</span>
          </button>
        </div>
      </header>
      {children ?? <Outlet />}
    </div>
  );
}
