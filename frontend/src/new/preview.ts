import { useEffect, useState } from "react";
import { ApiError, api, take } from "@/api/client";
import type { Job } from "@/jobs/queries";
import type { Wrong } from "./check";
import type { Preview } from "./queries";
import type { Fields } from "./schema";

/** What the service says of the recipe as it stands. */
export interface Opinion {
  /** The recipe that it speaks of, as JSON. */
  of: string;
  preview: Preview | null;
  wrong: Wrong[];
  /** What it could not say at a place: it did not answer, or something is still being read. */
  failure: ApiError | null;
}

const PAUSE = 350;
const AGAIN = 2_000; // while the service does not answer

/** Asked when the typing pauses; the last opinion stays until the next one is there. `again` asks anew when it changes. */
export function useOpinion(wish: Fields | null, again: string): Opinion | null {
  const [opinion, setOpinion] = useState<Opinion | null>(null);
  const body = wish && JSON.stringify(wish);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `again` is no part of the question, only a reason to ask
  useEffect(() => {
    if (body === null) {
      setOpinion(null);
      return;
    }
    const given = new AbortController();
    let timer = 0;
    const ask = () => {
      const params = { query: { validate_only: true } };
      take(api.POST("/v1/jobs", { params, body: JSON.parse(body), signal: given.signal }))
        .then((preview) => ({ preview: preview as unknown as Preview, wrong: [], failure: null }))
        .catch((error: unknown) => {
          if (error instanceof ApiError) return { preview: null, ...refusalOf(error) };
          throw error;
        })
        .then((said) => {
          setOpinion({ of: body, ...said });
          if (said.failure?.status === 0) timer = window.setTimeout(ask, AGAIN);
        })
        .catch(() => undefined); // given up: a newer question is on its way
    };
    timer = window.setTimeout(ask, PAUSE);
    return () => {
      window.clearTimeout(timer);
      given.abort();
    };
  }, [body, again]);
  return opinion;
}

/** The problems at their places; what has no place is a failure. */
export function refusalOf(error: ApiError): { wrong: Wrong[]; failure: ApiError | null } {
  const wrong = error.places.filter(
    (one) => one.pointer.startsWith("/") && !/^\/(query|header|path)\//.test(one.pointer),
  );
  return { wrong, failure: wrong.length > 0 ? null : error };
}

const ATTEMPT = "new distillation attempt";

/** The same key for the same wish until it has become a job: a click too many, or a lost answer, makes no second one. */
function keyOf(body: string): string {
  const [before, key] = JSON.parse(sessionStorage.getItem(ATTEMPT) ?? "[]") as [string?, string?];
  if (before === body && key) return key;
  const fresh = [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem(ATTEMPT, JSON.stringify([body, fresh]));
  return fresh;
}

export async function start(wish: Fields): Promise<Job> {
  const body = JSON.stringify(wish);
  const params = { header: { "idempotency-key": keyOf(body) } };
  const job = await take(api.POST("/v1/jobs", { params, body: JSON.parse(body) }));
  sessionStorage.removeItem(ATTEMPT);
  return job as Job;
}
