import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import { ApiError, isUnauthorized } from "./api/client";
import { root as prefix } from "./api/root";
import { DatasetPage } from "./datasets/DatasetPage";
import { DatasetsPage } from "./datasets/DatasetsPage";
import { JobCharts } from "./jobs/JobCharts";
import { JobCheckpoints } from "./jobs/JobCheckpoints";
import { JobConfiguration } from "./jobs/JobConfiguration";
import { JobLog } from "./jobs/JobLog";
import { JobOverview } from "./jobs/JobOverview";
import { JobPage } from "./jobs/JobPage";
import { JobsPage } from "./jobs/JobsPage";
import type { JobStatus } from "./jobs/queries";
import { LoginPage } from "./login/LoginPage";
import { OverviewPage } from "./overview/OverviewPage";
import { NotFound } from "./shell/NotFound";
import { Page } from "./shell/Page";
import { Shell } from "./shell/Shell";
import { StudentPage } from "./students/StudentPage";
import { StudentsPage } from "./students/StudentsPage";
import { TeacherPage } from "./teachers/TeacherPage";
import { TeachersPage } from "./teachers/TeachersPage";
import { Failure } from "./ui/faces";
import { WorkersPage } from "./workers/WorkersPage";

const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);
/** Leaves out what is not there: an address says nothing about defaults. */
const some = <T extends object>(search: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as never;

const STATUSES = ["queued", "running", "pausing", "paused", "cancelling", "succeeded", "failed", "cancelled"];
const status = (value: unknown) => (STATUSES.includes(value as string) ? (value as JobStatus) : undefined);
const level = (value: unknown) =>
  value === "info" || value === "warning" || value === "error" ? (value as "info" | "warning" | "error") : undefined;
const after = (search: Record<string, unknown>) => some({ after: text(search.after) });

const root = createRootRoute({ component: Outlet, notFoundComponent: () => <NotFound /> });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  component: LoginPage,
  validateSearch: (search: Record<string, unknown>) => some({ next: text(search.next) }),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: () => <Shell />,
});
const inShell = { getParentRoute: () => shell };

const overview = createRoute({ ...inShell, path: "/", component: OverviewPage });
const jobs = createRoute({
  ...inShell,
  path: "/jobs",
  component: JobsPage,
  validateSearch: (search: Record<string, unknown>) =>
    some({ status: status(search.status), name: text(search.name), after: text(search.after) }),
});
const newJob = createRoute({
  ...inShell,
  path: "/jobs/new",
  component: lazyRouteComponent(() => import("./new/NewPage"), "NewPage"), // most come to look, not to ask
  validateSearch: (search: Record<string, unknown>) =>
    some({ teacher: text(search.teacher), dataset: text(search.dataset), from: text(search.from) }),
});
const job = createRoute({ ...inShell, path: "/jobs/$id", component: JobPage });
const inJob = { getParentRoute: () => job };
const jobTabs = [
  createRoute({ ...inJob, path: "/", component: JobOverview }),
  createRoute({
    ...inJob,
    path: "/charts",
    component: JobCharts,
    validateSearch: (search: Record<string, unknown>) => some({ log: search.log === true ? true : undefined }),
  }),
  createRoute({ ...inJob, path: "/checkpoints", component: JobCheckpoints }),
  createRoute({
    ...inJob,
    path: "/log",
    component: JobLog,
    validateSearch: (search: Record<string, unknown>) => some({ level: level(search.level), text: text(search.text) }),
  }),
  createRoute({ ...inJob, path: "/configuration", component: JobConfiguration }),
] as const;

const places = [
  createRoute({ ...inShell, path: "/students", component: StudentsPage, validateSearch: after }),
  createRoute({ ...inShell, path: "/students/$id", component: StudentPage }),
  createRoute({ ...inShell, path: "/teachers", component: TeachersPage, validateSearch: after }),
  createRoute({ ...inShell, path: "/teachers/$id", component: TeacherPage }),
  createRoute({ ...inShell, path: "/datasets", component: DatasetsPage, validateSearch: after }),
  createRoute({ ...inShell, path: "/datasets/$id", component: DatasetPage }),
  createRoute({ ...inShell, path: "/workers", component: WorkersPage, validateSearch: after }),
] as const;

const routeTree = root.addChildren([
  login,
  shell.addChildren([overview, jobs, newJob, job.addChildren(jobTabs), ...places]),
]);

const makeRouter = () =>
  createRouter({
    routeTree,
    basepath: prefix || "/",
    defaultPreload: false,
    scrollRestoration: true,
    defaultErrorComponent: ({ error, reset }) => (
      <Page title="Something broke">
        <Failure error={error} onRetry={reset} />
      </Page>
    ),
  });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

/** The dashboard's router and what it knows of the service. */
export function makeApp() {
  const router = makeRouter();

  /** Whoever is not signed in goes to the door, and comes back to where they were. */
  function toTheDoor(error: unknown): void {
    const { pathname, href } = router.state.location;
    if (!isUnauthorized(error) || pathname === "/login") return;
    void router.navigate({ to: "/login", search: href === "/" ? {} : { next: href } });
  }

  const queryClient = new QueryClient({
    queryCache: new QueryCache({ onError: toTheDoor }),
    mutationCache: new MutationCache({ onError: toTheDoor }),
    defaultOptions: {
      queries: {
        staleTime: 1_000,
        // What the service has refused it will refuse again; what it could not answer is worth another try.
        retry: (failures, error) =>
          failures < 2 && !(error instanceof ApiError && error.status > 0 && error.status < 500),
      },
    },
  });
  return { router, queryClient };
}
