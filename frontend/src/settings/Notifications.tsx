import { plural } from "@/format";
import { tellOfEvery, usePermission, useWants } from "@/notify/bell";
import { DENIED } from "@/notify/denied";
import { Card } from "@/ui/Card";
import { Notice } from "@/ui/faces";
import { Switch } from "@/ui/Switch";

/** Whether this browser tells of jobs that end, and what stands in its way. */
export function Notifications() {
  const { every, jobs } = useWants();
  const allowed = usePermission();
  if (allowed === "absent") {
    return (
      <Card title="When a job ends">
        <p className="soft">
          This browser cannot notify here. Browsers do so only over https, or on the machine that the service itself
          runs on.
        </p>
      </Card>
    );
  }
  return (
    <div className="stack narrow">
      {allowed === "denied" && <Notice kind="warn" title={DENIED} />}
      <Card title="When a job ends">
        <Switch
          label="Tell me of every job"
          note="As long as a page of this dashboard is open somewhere, seen or not. A single job can be chosen on its own page."
          on={allowed === "granted" && every}
          disabled={allowed === "denied"}
          onChange={(on) => void tellOfEvery(on)}
        />
        {allowed === "granted" && !every && jobs.length > 0 && (
          <p className="small soft">You wait for {plural(jobs.length, "job")} now.</p>
        )}
      </Card>
      <p className="small soft">Remembered by this browser alone.</p>
    </div>
  );
}
