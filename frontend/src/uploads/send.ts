import { ApiError, type Problem, type Schema } from "@/api/client";

export type Part = Schema<"PartRead">;

const SILENCE = 120_000; // milliseconds without a sign of life until a connection counts as lost

export const noAnswer = () => new ApiError(0, "The service does not answer", "The upload goes on when it does.");

/**
 * Sends one part. Fetch cannot tell how far a body has come, which matters on a slow line: so the older way.
 * An `ApiError` for every answer that is not good, status 0 where there was none.
 */
export function sendPart(
  url: string,
  body: ArrayBuffer,
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Part> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    let silence = window.setTimeout(stop, SILENCE);
    const alive = () => {
      window.clearTimeout(silence);
      silence = window.setTimeout(stop, SILENCE);
    };
    const end = (settle: () => void) => {
      window.clearTimeout(silence);
      signal.removeEventListener("abort", stop);
      settle();
    };
    request.open("PUT", url);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = ({ loaded }) => {
      alive();
      onProgress(loaded);
    };
    request.onload = () =>
      end(() =>
        request.status === 200 ? resolve(JSON.parse(request.responseText) as Part) : reject(refused(request)),
      );
    request.onerror = () => end(() => reject(noAnswer()));
    request.onabort = () => end(() => reject(signal.aborted ? signal.reason : noAnswer()));
    signal.addEventListener("abort", stop);
    request.send(body);
  });
}

function refused(request: XMLHttpRequest): ApiError {
  let problem: Partial<Problem> = {};
  try {
    problem = JSON.parse(request.responseText) as Partial<Problem>;
  } catch {
    // a proxy's own page
  }
  return new ApiError(
    request.status,
    problem.title ?? `The service answered ${request.status}`,
    problem.detail ?? "",
    request.getResponseHeader("X-Request-Id"),
    problem.code,
    problem.errors ?? [],
  );
}
