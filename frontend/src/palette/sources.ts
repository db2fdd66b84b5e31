import { useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import {
  CirclePause,
  CirclePlay,
  CircleX,
  Copy,
  Database,
  GraduationCap,
  Keyboard,
  ListChecks,
  LogOut,
  type LucideIcon,
  Plus,
  RotateCcw,
  Sprout,
  SunMoon,
} from "lucide-react";
import { type Action, type Job, jobQuery, useAction } from "@/jobs/queries";
import { ALL_PLACES } from "@/shell/places";
import { useSignOut } from "@/shell/useSignOut";
import { PAGES } from "@/shortcuts/table";
import { toggleTheme } from "@/theme";
import type { Found } from "./found";
import type { Group } from "./groups";
import type { Item } from "./items";
import { type Kind, subject, useRecent } from "./recent";

const ICONS: Record<Kind, LucideIcon> = {
  jobs: ListChecks,
  students: Sprout,
  teachers: GraduationCap,
  datasets: Database,
};
const NAMES: Record<Kind, string> = { jobs: "Jobs", students: "Students", teachers: "Teachers", datasets: "Data sets" };
const ONE: Record<Kind, string> = { jobs: "job", students: "student", teachers: "teacher", datasets: "data set" };

function useOpen() {
  const navigate = useNavigate();
  return (kind: Kind, id: string) => void navigate({ to: `/${kind}/$id`, params: { id } });
}

export function useRecentItems(): Item[] {
  const open = useOpen();
  const here = useLocation({ select: ({ pathname }) => subject(pathname)?.id });
  return useRecent()
    .filter(({ id }) => id !== here)
    .map(({ kind, id, name }) => ({
      id,
      title: name,
      note: ONE[kind],
      icon: ICONS[kind],
      run: () => open(kind, id),
    }));
}

export function useFoundItems(found: readonly Found[]): Group[] {
  const open = useOpen();
  return (Object.keys(NAMES) as Kind[]).map((kind) => ({
    name: NAMES[kind],
    items: found
      .filter((one) => one.kind === kind)
      .map(({ id, name, note }) => ({
        id,
        title: name,
        note,
        also: note,
        icon: ICONS[kind],
        run: () => open(kind, id),
      })),
  }));
}

const DEEDS: Record<Action, { title: string; icon: LucideIcon }> = {
  pause: { title: "Pause", icon: CirclePause },
  resume: { title: "Resume", icon: CirclePlay },
  retry: { title: "Retry", icon: RotateCcw },
  cancel: { title: "Cancel…", icon: CircleX },
};

/** What can be done with the job whose page is open, as the service says. */
export function useActions(onCancel: (job: Job) => void): Item[] {
  const navigate = useNavigate();
  const about = useLocation({ select: ({ pathname }) => subject(pathname) });
  const id = about?.kind === "jobs" ? about.id : "";
  const job = useQuery({ ...jobQuery(id), enabled: id !== "" }).data;
  const act = useAction(id);
  if (!job) return [];
  const can = (Object.keys(DEEDS) as Action[]).filter((action) => job.available_actions.includes(action));
  return [
    ...can.map((action) => ({
      ...DEEDS[action],
      id: `act ${action}`,
      run: () => (action === "cancel" ? onCancel(job) : act.mutate(action)),
    })),
    {
      id: "act again",
      title: "Run this again",
      icon: Copy,
      run: () => void navigate({ to: "/jobs/new", search: { from: job.id } }),
    },
  ];
}

export function useCommands(onHelp: () => void): { places: Item[]; deeds: Item[] } {
  const navigate = useNavigate();
  const signOut = useSignOut();
  const keys = new Map<string, string>(PAGES.map((page) => [page.to, page.keys]));
  const pages = [...ALL_PLACES, { to: "/jobs/new", name: "New distillation", icon: Plus } as const];
  return {
    places: pages.map(({ to, name, icon }) => ({
      id: `page ${to}`,
      title: name,
      icon,
      ...(keys.has(to) ? { keys: keys.get(to) as string } : {}),
      run: () => void navigate({ to }),
    })),
    deeds: [
      { id: "theme", title: "Switch between light and dark", icon: SunMoon, run: toggleTheme },
      { id: "help", title: "Keyboard shortcuts", icon: Keyboard, keys: "?", run: onHelp },
      { id: "sign out", title: "Sign out", icon: LogOut, run: () => signOut.mutate() },
    ],
  };
}
