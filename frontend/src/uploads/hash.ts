import type { Told } from "./sha256.worker";

/** The file that was chosen cannot be read any more. */
export class FileGone extends Error {
  override readonly name = "FileGone";

  constructor(file: string) {
    super(`${file} has changed or moved since it was chosen. Choose it again.`);
  }
}

export type Hasher = (file: File, onProgress: (bytes: number) => void, signal: AbortSignal) => Promise<string>;

/** A file's SHA-256 in lower-case hexadecimal. */
export const hashFile: Hasher = (file, onProgress, signal) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./sha256.worker.ts", import.meta.url), { type: "module" });
    const end = (settle: () => void) => {
      worker.terminate();
      signal.removeEventListener("abort", stop);
      settle();
    };
    const stop = () => end(() => reject(signal.reason));
    signal.addEventListener("abort", stop);
    worker.onerror = () => end(() => reject(new Error("This browser could not read the file.")));
    worker.onmessage = ({ data }: MessageEvent<Told>) => {
      if ("done" in data) onProgress(data.done);
      else if ("sha256" in data) end(() => resolve(data.sha256));
      else end(() => reject(new FileGone(file.name)));
    };
    worker.postMessage(file);
  });
