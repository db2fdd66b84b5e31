import { ApiError } from "@/api/client";

/** What the service has to say about one place of what was sent, and below it. */
export const saidAt = (error: unknown, pointer: string): string =>
  error instanceof ApiError
    ? error.places
        .filter((place) => place.pointer === pointer || place.pointer.startsWith(`${pointer}/`))
        .map((place) => place.detail)
        .join(" ")
    : "";

/** An error whose places are not all beside a field must be shown as a whole. */
export const isPlaced = (error: unknown, pointers: readonly string[]): boolean =>
  error instanceof ApiError &&
  error.places.length > 0 &&
  error.places.every((place) => pointers.some((one) => place.pointer === one || place.pointer.startsWith(`${one}/`)));
