/** Seconds, or until the machine is online again. */
export function nap(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      window.clearTimeout(timer);
      window.removeEventListener("online", wake);
      signal.removeEventListener("abort", stop);
      settle();
    };
    const wake = () => end(resolve);
    const stop = () => end(() => reject(signal.reason));
    const timer = window.setTimeout(wake, 1000 * seconds);
    window.addEventListener("online", wake);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  });
}
