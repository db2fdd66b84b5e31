import { root } from "../api/root";

/**
 * The one-time code of the address that `up` prints (`/#code=…`). It leaves the address before anything else looks at
 * it, and the page becomes the door that it opens.
 */
function takeFromAddress(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (!code) return null;
  const next = location.pathname.slice(root.length) + location.search;
  history.replaceState(null, "", next === "/" ? `${root}/login` : `${root}/login?next=${encodeURIComponent(next)}`);
  return code;
}

let code = takeFromAddress();

/** The code, once. */
export function takeCode(): string | null {
  const taken = code;
  code = null;
  return taken;
}
