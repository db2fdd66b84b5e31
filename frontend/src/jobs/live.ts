import { type QueryClient, type QueryKey, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { root } from "../api/root";
import { type Frame, jobAfter, logAfter, metricsAfter } from "./frames";
import { isActive, type Job, jobKeys, jobQuery, type LogLine, type Metrics, metricsQuery } from "./queries";

export type Connection = "connecting" | "live" | "reconnecting" | "over";

const TYPES = ["status", "progress", "metric", "log", "checkpoint", "rewind", "done"] as const;
const AGAIN = 3_000;

/**
 * The one stream of a job page: snapshots first, then every frame after them into the cached answers. The browser
 * reconnects by itself and says which frame it saw last; only a connection that was refused is opened anew here.
 */
export function useLive(id: string): Connection {
  const client = useQueryClient();
  const job = useQuery(jobQuery(id)).data;
  const metrics = useQuery(metricsQuery(id)).data;
  const [connection, setConnection] = useState<Connection>("connecting");
  const ready = job !== undefined && metrics !== undefined;
  const wanted = ready && (isActive(job) || job.status === "paused");

  useEffect(() => {
    if (!wanted) return;
    setConnection("connecting");
    let source: EventSource;
    let timer: number | undefined;
    const { askAgain, flush } = gathering(client);

    const open = () => {
      const seen = [client.getQueryData<Job>(jobKeys.one(id)), client.getQueryData<Metrics>(jobKeys.metrics(id))];
      const after = Math.min(...seen.map((one) => one?.last_event ?? 0));
      source = new EventSource(`${root}/v1/jobs/${encodeURIComponent(id)}/events?after=${after}`);
      source.onopen = () => setConnection("live");
      source.onerror = () => {
        setConnection("reconnecting");
        if (source.readyState !== EventSource.CLOSED) return;
        void client.invalidateQueries({ queryKey: jobKeys.one(id) }); // signed out, or deleted: this tells
        timer = window.setTimeout(open, AGAIN);
      };
      for (const type of TYPES) {
        source.addEventListener(type, (message) => {
          apply(client, id, JSON.parse((message as MessageEvent<string>).data) as Frame, askAgain);
          if (type !== "done") return;
          source.close();
          setConnection("over");
          void client.invalidateQueries({ queryKey: jobKeys.one(id) }).then(() => {
            // An end that lay in the past: it was retried since.
            if (isActive(client.getQueryData<Job>(jobKeys.one(id)))) timer = window.setTimeout(open, AGAIN);
          });
        });
      }
    };
    open();
    return () => {
      window.clearTimeout(timer);
      flush();
      source.close();
    };
  }, [client, id, wanted]);

  return ready && !wanted ? "over" : connection;
}

/** Writes what a frame tells into the cache, and asks again for what it only announces. */
export function apply(client: QueryClient, id: string, frame: Frame, askAgain: (key: QueryKey) => void): void {
  client.setQueryData<Job>(jobKeys.one(id), (job) => job && jobAfter(job, frame));
  client.setQueryData<Metrics>(jobKeys.metrics(id), (metrics) => metrics && metricsAfter(metrics, frame));
  client.setQueryData<LogLine[]>(jobKeys.log(id), (lines) => lines && logAfter(lines, frame));
  if (frame.type === "log" && frame.level === "warning") askAgain(jobKeys.warnings(id));
  if (frame.type === "checkpoint") askAgain(jobKeys.checkpoints(id));
  if (frame.type === "status") {
    if (!frame.student) askAgain(jobKeys.one(id));
    askAgain(jobKeys.students(id));
    askAgain(jobKeys.runs(id));
  }
}

const GATHER = 500;

/** Questions that many frames in a row would ask are asked once, a moment later; at the latest by `flush`. */
function gathering(client: QueryClient) {
  const keys = new Map<string, QueryKey>();
  let timer: number | undefined;
  const flush = () => {
    window.clearTimeout(timer);
    timer = undefined;
    for (const queryKey of keys.values()) void client.invalidateQueries({ queryKey, exact: true });
    keys.clear();
  };
  const askAgain = (key: QueryKey) => {
    keys.set(JSON.stringify(key), key);
    timer ??= window.setTimeout(flush, GATHER);
  };
  return { askAgain, flush };
}
