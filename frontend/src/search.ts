/** Readers of an address's search part: what is not understood counts as not there. */

export type Search = Record<string, unknown>;

export const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);

export const flag = (value: unknown): true | undefined => (value === true ? true : undefined);

export const oneOf =
  <T extends string>(...known: readonly T[]) =>
  (value: unknown): T | undefined =>
    known.find((one) => one === value);

/**
 * What is there. What is not stays as `undefined`: it leaves no trace in an address, and it stands in the way of what an
 * address said that was not understood, which the router would hand on as it is.
 */
export const some = <T extends object>(search: T) => search as { [K in keyof T]?: NonNullable<T[K]> };
