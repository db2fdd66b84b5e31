import type { Schema } from "@/api/client";

interface Props {
  images: readonly Schema<"SampleRead">[];
  of: string;
  /** How wide they are drawn, in CSS pixels; the files are asked for at twice that. */
  side: number;
  /** Small images are shown as they are, pixel by pixel. */
  crisp: boolean;
}

/** Previews, square, loaded when they come into sight. */
export function Images({ images, of, side, crisp }: Props) {
  return images.map((image) => (
    <img
      key={image.url}
      className={crisp ? "thumb crisp" : "thumb"}
      src={`${image.url}?side=${Math.min(512, 2 * side)}`}
      alt={`${of}: ${image.name}`}
      title={image.name}
      width={side}
      height={side}
      loading="lazy"
      decoding="async"
    />
  ));
}
