import { createContext, use } from "react";
import type { JsonSchema } from "./schema";

/** What every field of the page needs to know. */
export interface FormContext {
  root: JsonSchema;
  /** What is wrong, by place. */
  wrong: ReadonlyMap<string, string>;
}

export const TheForm = createContext<FormContext>({ root: {}, wrong: new Map() });
export const useForm = (): FormContext => use(TheForm);

/** What is wrong at a place or anywhere below it, with the place. */
export function wrongWithin(wrong: ReadonlyMap<string, string>, pointer: string): [string, string][] {
  return [...wrong].filter(([at]) => at === pointer || at.startsWith(`${pointer}/`));
}
