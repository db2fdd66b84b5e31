import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { isActive } from "./uploader";
import type { Sending } from "./useUpload";

interface Wish<Made> {
  /** The file that must have arrived before; null where none is needed. */
  sending: Sending | null;
  send: () => Promise<Made>;
  onMade: (made: Made) => void;
}

/** Asks the service for something once, as soon as the file that it is made of has arrived. */
export function useWish<Made>({ sending, send, onMade }: Wish<Made>) {
  const [wanted, setWanted] = useState(false);
  const { mutate, isPending, error, reset } = useMutation({ mutationFn: send, onSuccess: onMade });
  const phase = sending?.state?.phase;
  const arrived = sending === null || phase === "complete";
  useEffect(() => {
    if (!wanted || !arrived) return;
    setWanted(false);
    mutate();
  }, [wanted, arrived, mutate]);
  useEffect(() => {
    if (phase === undefined || phase === "failed") setWanted(false);
  }, [phase]);
  return {
    /** Whether it can be asked for now: at once, or when the file is there. */
    possible: arrived || isActive(sending?.state ?? null) || phase === "paused",
    waiting: wanted && !arrived,
    isPending,
    error,
    ask: () => {
      reset();
      setWanted(true);
    },
    takeBack: () => setWanted(false),
  };
}
