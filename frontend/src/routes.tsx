import { createRootRoute, createRoute, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import { compareSearch } from "./compare/search";
import { evaluationSearch } from "./evaluation/search";
import { exploreSearch } from "./explore/search";
import { jobsSearch } from "./jobs/list/search";
import { chartsSearch, distillationSearch, jobSearch, logSearch } from "./jobs/search";
import { LoginPage } from "./login/LoginPage";
import { OverviewPage } from "./overview/OverviewPage";
import { referenceSearch } from "./reference/search";
import { type Search, some, text } from "./search";
import { settingsSearch } from "./settings/search";
import { NotFound } from "./shell/NotFound";
import { Shell } from "./shell/Shell";
import { studentsSearch } from "./students/search";

const after = (search: Search) => some({ after: text(search.after) });

const root = createRootRoute({ component: Outlet });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  component: LoginPage,
  validateSearch: (search: Search) => some({ next: text(search.next) }),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: () => <Shell />,
});
const inShell = { getParentRoute: () => shell };

const overview = createRoute({ ...inShell, path: "/", component: OverviewPage });
// All others come when they are wanted: the first screen is small.
const jobs = createRoute({
  ...inShell,
  path: "/jobs",
  component: lazyRouteComponent(() => import("./jobs/JobsPage"), "JobsPage"),
  validateSearch: jobsSearch,
});
const newJob = createRoute({
  ...inShell,
  path: "/jobs/new",
  component: lazyRouteComponent(() => import("./new/NewPage"), "NewPage"),
  validateSearch: (search: Search) =>
    some({ teacher: text(search.teacher), dataset: text(search.dataset), from: text(search.from) }),
});
const job = createRoute({
  ...inShell,
  path: "/jobs/$id",
  component: lazyRouteComponent(() => import("./jobs/JobPage"), "JobPage"),
  validateSearch: jobSearch,
});
const inJob = { getParentRoute: () => job };
const jobTabs = [
  createRoute({
    ...inJob,
    path: "/",
    component: lazyRouteComponent(() => import("./jobs/JobOverview"), "JobOverview"),
  }),
  createRoute({
    ...inJob,
    path: "/charts",
    component: lazyRouteComponent(() => import("./jobs/JobCharts"), "JobCharts"),
    validateSearch: chartsSearch,
  }),
  createRoute({
    ...inJob,
    path: "/distillation",
    component: lazyRouteComponent(() => import("./jobs/JobDistillation"), "JobDistillation"),
    validateSearch: distillationSearch,
  }),
  createRoute({
    ...inJob,
    path: "/checkpoints",
    component: lazyRouteComponent(() => import("./jobs/JobCheckpoints"), "JobCheckpoints"),
  }),
  createRoute({
    ...inJob,
    path: "/log",
    component: lazyRouteComponent(() => import("./jobs/JobLog"), "JobLog"),
    validateSearch: logSearch,
  }),
  createRoute({
    ...inJob,
    path: "/system",
    component: lazyRouteComponent(() => import("./jobs/JobSystem"), "JobSystem"),
  }),
  createRoute({
    ...inJob,
    path: "/configuration",
    component: lazyRouteComponent(() => import("./jobs/JobConfiguration"), "JobConfiguration"),
  }),
] as const;

const places = [
  createRoute({ ...inShell, path: "$", component: () => <NotFound /> }),
  createRoute({
    ...inShell,
    path: "/compare",
    component: lazyRouteComponent(() => import("./compare/ComparePage"), "ComparePage"),
    validateSearch: compareSearch,
  }),
  createRoute({
    ...inShell,
    path: "/explore",
    component: lazyRouteComponent(() => import("./explore/ExplorePage"), "ExplorePage"),
    validateSearch: exploreSearch,
  }),
  createRoute({
    ...inShell,
    path: "/students",
    component: lazyRouteComponent(() => import("./students/StudentsPage"), "StudentsPage"),
    validateSearch: studentsSearch,
  }),
  createRoute({
    ...inShell,
    path: "/students/$id",
    component: lazyRouteComponent(() => import("./students/StudentPage"), "StudentPage"),
    validateSearch: evaluationSearch,
  }),
  createRoute({
    ...inShell,
    path: "/teachers",
    component: lazyRouteComponent(() => import("./teachers/TeachersPage"), "TeachersPage"),
    validateSearch: after,
  }),
  createRoute({
    ...inShell,
    path: "/teachers/$id",
    component: lazyRouteComponent(() => import("./teachers/TeacherPage"), "TeacherPage"),
  }),
  createRoute({
    ...inShell,
    path: "/datasets",
    component: lazyRouteComponent(() => import("./datasets/DatasetsPage"), "DatasetsPage"),
    validateSearch: after,
  }),
  createRoute({
    ...inShell,
    path: "/datasets/$id",
    component: lazyRouteComponent(() => import("./datasets/DatasetPage"), "DatasetPage"),
  }),
  createRoute({
    ...inShell,
    path: "/workers",
    component: lazyRouteComponent(() => import("./workers/WorkersPage"), "WorkersPage"),
    validateSearch: after,
  }),
  createRoute({
    ...inShell,
    path: "/settings",
    component: lazyRouteComponent(() => import("./settings/SettingsPage"), "SettingsPage"),
    validateSearch: settingsSearch,
  }),
  createRoute({
    ...inShell,
    path: "/api",
    component: lazyRouteComponent(() => import("./reference/ReferencePage"), "ReferencePage"),
    validateSearch: referenceSearch,
  }),
] as const;

export const routeTree = root.addChildren([
  login,
  shell.addChildren([overview, jobs, newJob, job.addChildren(jobTabs), ...places]),
]);
