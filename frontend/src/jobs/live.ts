import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Gatherer } from "@/live/gatherer";
import { useTab } from "@/live/LiveProvider";
import { Follower } from "./follower";
import { jobKeys, jobQuery, logQuery, metricsQuery } from "./queries";

/**
 * Follows one job: the tab's stream says that something happened, and what happened is fetched and written into the
 * cached answers, event by event.
 */
export function useLive(id: string): void {
  const client = useQueryClient();
  const tab = useTab();
  const hasJob = useQuery({ ...jobQuery(id), select: () => true }).data ?? false;
  const hasMetrics = useQuery({ ...metricsQuery(id), select: () => true }).data ?? false;
  const hasLog = useQuery({ ...logQuery(id), enabled: false, select: () => true }).data ?? false;
  const ready = hasJob && hasMetrics;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a log that has come is completed by a new follower
  useEffect(() => {
    if (!ready) return;
    const gatherer = new Gatherer((again) =>
      Promise.all(again.map(({ key }) => client.invalidateQueries({ queryKey: key, exact: true }))),
    );
    const follower = new Follower(client, id, (key) => gatherer.add([{ key, exact: true }]));
    tab.followed.add(id);
    const deaf = tab.line.hear((heard) => {
      if (heard.type === "hello") return follower.pull();
      const { object, id: which, status, last_event } = heard.change;
      if (object !== "job" || (which !== null && which !== id)) return;
      if (status === "deleted") void client.invalidateQueries({ queryKey: jobKeys.one(id), exact: true });
      else if (which === null) follower.pull();
      else follower.announced(last_event);
    });
    const unwatch = client.getQueryCache().subscribe(({ type, query }) => {
      if (type === "updated" && query.queryKey[0] === "jobs" && query.queryKey[1] === id) follower.check();
    });
    follower.pull();
    return () => {
      tab.followed.delete(id);
      deaf();
      unwatch();
      follower.stop();
      gatherer.stop();
    };
  }, [client, id, ready, tab, hasLog]);
}
