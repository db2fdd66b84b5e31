import { type UseMutationOptions, useMutation } from "@tanstack/react-query";
import { useRef } from "react";

/**
 * A mutation that a second click cannot start again before the first is answered. A disabled button does not keep a
 * double click out: the second click may come before the page has been drawn anew.
 */
export function useOnce<Data, Wanted = void>(options: UseMutationOptions<Data, Error, Wanted>) {
  const { mutate, ...rest } = useMutation(options);
  const busy = useRef(false);
  const once = (wanted: Wanted) => {
    if (busy.current) return;
    busy.current = true;
    mutate(wanted, {
      onSettled: () => {
        busy.current = false;
      },
    });
  };
  return { ...rest, mutate: once };
}
