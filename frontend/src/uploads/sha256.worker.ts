import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** Off the page's own thread: a file in, its SHA-256 out, in slices, so that no file is ever in memory. */
const SLICE = 4 * 2 ** 20;

export type Told = { done: number } | { sha256: string } | { error: string };

const tell = (what: Told) => self.postMessage(what);

self.onmessage = async ({ data: file }: MessageEvent<File>) => {
  try {
    const hash = sha256.create();
    for (let start = 0; start < file.size; start += SLICE) {
      hash.update(new Uint8Array(await file.slice(start, start + SLICE).arrayBuffer()));
      tell({ done: Math.min(file.size, start + SLICE) });
    }
    tell({ sha256: bytesToHex(hash.digest()) });
  } catch (error) {
    tell({ error: error instanceof Error ? error.name : String(error) });
  }
};
