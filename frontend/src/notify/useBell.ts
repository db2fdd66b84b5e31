import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { jobQuery } from "@/jobs/queries";
import { useTab } from "@/live/LiveProvider";
import { toast } from "@/toasts/toasts";
import { permission, told, wanted, wantsAny } from "./bell";
import { endedJustNow, isEnding, words } from "./endings";

/** Tells of the jobs that end, if that was asked for; the page itself need not be looked at. */
export function useBell(): void {
  const client = useQueryClient();
  const tab = useTab();
  const navigate = useNavigate();

  useEffect(
    () =>
      tab.onMove(async (news) => {
        const { id } = news.change;
        if (!id || !isEnding(news) || permission() !== "granted") return;
        if (!wanted().every && !wanted().jobs.includes(id)) return;
        const job = await client.fetchQuery({ ...jobQuery(id), staleTime: 0 }).catch(() => null);
        if (!job || !endedJustNow(job, news.before)) return;
        told(id);
        const { title, body } = words(job);
        const open = () => void navigate({ to: "/jobs/$id", params: { id } });
        try {
          const note = new Notification(title, { body, tag: id });
          note.onclick = () => {
            window.focus();
            note.close();
            open();
          };
        } catch {
          // Some telephones allow it and then cannot.
          toast(title, { act: { word: "Look", run: open } });
        }
      }),
    [client, navigate, tab],
  );

  // Of all hidden tabs one goes on listening; a browser has few connections to one service.
  useEffect(() => {
    let holding = false;
    const over = new AbortController();
    tab.keeper = () => holding && wantsAny();
    void navigator.locks
      ?.request("distillery-bell", { signal: over.signal }, () => {
        holding = true;
        if (document.hidden && wantsAny()) tab.line.open();
        return new Promise<void>((done) => over.signal.addEventListener("abort", () => done()));
      })
      .catch(() => undefined); // given up before it was its turn
    return () => {
      over.abort();
      tab.keeper = () => false;
    };
  }, [tab]);
}
