/** Readers of an address's search part: what is not understood counts as not there. */

export type Search = Record<string, unknown>;

export const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);

export const flag = (value: unknown): true | undefined => (value === true ? true : undefined);

export const oneOf =
  <T extends string>(...known: readonly T[]) =>
  (value: unknown): T | undefined =>
    known.find((one) => one === value);

/** Leaves out what is not there: an address says nothing about defaults. */
export const some = <T extends object>(search: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as never;
