import type { Schema } from "@/api/client";
import { spaced } from "@/format";
import { Notice } from "@/ui/faces";

const FEW = 8;

/** Why something was refused: a sentence, its way out, and every place that is wrong. */
export function Rejection({ error }: { error: Schema<"FailureRead"> }) {
  const places = error.errors ?? [];
  return (
    <Notice kind="bad" title={error.title || error.code}>
      <p className="wrap">{spaced(error.detail)}</p>
      {error.hint && <p>{spaced(error.hint)}</p>}
      {places.length > 0 && (
        <details className="more" open={places.length <= FEW}>
          <summary>{places.length === 1 ? "The place" : `All ${places.length} places`}</summary>
          <ul className="places">
            {places.map((place, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two places may say the same
              <li key={i}>
                <Place place={place} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </Notice>
  );
}

/** Whatever names the place, then what is wrong there. */
function Place({ place }: { place: Record<string, unknown> }) {
  const { detail, code: _, ...where } = place;
  return (
    <>
      {Object.entries(where)
        .filter(([, value]) => typeof value === "string" || typeof value === "number")
        .map(([key, value]) => (
          <code key={key} className="wrap">
            {String(value)}
          </code>
        ))}{" "}
      {typeof detail === "string" && <span className="wrap">{spaced(detail)}</span>}
    </>
  );
}
