import { useCallback, useSyncExternalStore } from "react";
import { isActive, type Purpose, Uploader, type UploadState } from "./uploader";

/** One file on its way for each purpose. It belongs to the page as a whole: going elsewhere in it stops nothing. */
const current = new Map<Purpose, Uploader>();
const listeners = new Set<() => void>();

function put(purpose: Purpose, uploader: Uploader | null): void {
  if (uploader) current.set(purpose, uploader);
  else current.delete(purpose);
  for (const listener of listeners) listener();
}

export interface Sending {
  file: File | null;
  state: UploadState | null;
  choose: (file: File) => void;
  pause: () => void;
  resume: () => void;
  /** Stop, give back what has arrived, and have no file. */
  cancel: () => void;
  /** Have no file; what was sent stays where it is. */
  clear: () => void;
}

export function useUpload(purpose: Purpose): Sending {
  const subscribe = useCallback(
    (listener: () => void) => {
      let leave = current.get(purpose)?.subscribe(listener);
      const changed = () => {
        leave?.();
        leave = current.get(purpose)?.subscribe(listener);
        listener();
      };
      listeners.add(changed);
      return () => {
        listeners.delete(changed);
        leave?.();
      };
    },
    [purpose],
  );
  const uploader = useSyncExternalStore(subscribe, () => current.get(purpose) ?? null);
  const state = useSyncExternalStore(subscribe, () => current.get(purpose)?.state ?? null);
  const choose = useCallback(
    (file: File) => {
      const before = current.get(purpose);
      if (isActive(before?.state ?? null)) before?.pause();
      const next = new Uploader(file, purpose);
      put(purpose, next);
      next.start();
    },
    [purpose],
  );
  const cancel = useCallback(() => {
    void current.get(purpose)?.cancel();
    put(purpose, null);
  }, [purpose]);
  const clear = useCallback(() => put(purpose, null), [purpose]);
  return {
    file: uploader?.file ?? null,
    state,
    choose,
    cancel,
    clear,
    pause: () => uploader?.pause(),
    resume: () => uploader?.start(),
  };
}
