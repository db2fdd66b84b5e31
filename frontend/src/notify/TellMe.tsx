import { Bell, BellRing } from "lucide-react";
import type { Job } from "@/jobs/queries";
import { isActive } from "@/jobs/queries";
import { toast } from "@/toasts/toasts";
import { permission, tellOf, usePermission, useWants } from "./bell";
import { DENIED } from "./denied";

/** Asks to be told when this job ends; not there where the browser cannot, or nothing is left to wait for. */
export function TellMe({ job }: { job: Job }) {
  const { every, jobs } = useWants();
  const allowed = usePermission();
  if (allowed === "absent" || !isActive(job)) return null;
  const one = jobs.includes(job.id);
  const on = allowed === "granted" && (every || one);
  const Icon = on ? BellRing : Bell;
  return (
    <button
      type="button"
      className="button"
      aria-pressed={on}
      title={every && on ? "You are told of every job: see the settings" : undefined}
      disabled={every && on}
      onClick={async () => {
        await tellOf(job.id, !(on && one));
        if (permission() === "denied") toast(DENIED, { tone: "bad" });
      }}
    >
      <Icon size={14} aria-hidden />
      Tell me when it ends
    </button>
  );
}
