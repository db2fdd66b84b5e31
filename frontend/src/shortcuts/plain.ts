import { useSyncExternalStore } from "react";
import { stored } from "@/stored";

const off = stored<boolean>("shortcuts-off", false, (value) => value === true);

export const setPlainShortcuts = (on: boolean): void => off.set(!on);

/** Whether single keys do something: those who speak to their machine, or rest a hand on it, switch them off. */
export const usePlainShortcuts = (): boolean => !useSyncExternalStore(off.watch, off.get);
