import { type Group, leader, type Standing } from "@/jobs/groups";
import type { Job, JobStudent } from "@/jobs/queries";

export interface Chosen {
  group: Group;
  member: JobStudent;
  /** The same network with the same start that learned from the labels alone. */
  control: JobStudent | null;
}

/** The student that is looked at: the wanted one, else the first of the group that leads. Null in a job of none. */
export function chosenOf(standings: readonly Standing[], wanted: string | undefined): Chosen | null {
  const groups = standings.map((one) => one.group);
  const own = groups.find((group) => group.members.some((member) => member.id === wanted));
  const group = own ?? leader(standings)?.group ?? groups[0];
  if (!group) return null;
  const member = group.members.find((one) => one.id === wanted) ?? alive(group.members);
  if (!member) return null;
  return { group, member, control: group.controls.find((one) => one.twin === member.twin) ?? null };
}

/** One that did not fail, where there is one. */
const alive = (members: readonly JobStudent[]) => members.find((one) => one.status !== "failed") ?? members[0];

const LONG = 28;

/** A name as titles say it: what others called it may be as long as they like. */
export const brief = (name: string): string => (name.length > LONG ? `${name.slice(0, LONG - 1)}…` : name);

/** Whether anything is distilled here at all. */
export const isTaught = (job: Job): boolean => job.teacher !== null;
