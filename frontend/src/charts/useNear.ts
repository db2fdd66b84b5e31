import { type RefObject, useEffect, useState } from "react";

/** Two screens of room: what is scrolled to is drawn before it is seen. */
const MARGIN = "600px 0px";

/** Whether an element is in the window or close to it. A canvas far away costs memory and shows nothing. */
export function useNear(ref: RefObject<Element | null>): boolean {
  const [near, setNear] = useState(typeof IntersectionObserver === "undefined");
  useEffect(() => {
    const element = ref.current;
    if (!element || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver((seen) => setNear(seen.at(-1)?.isIntersecting ?? false), {
      rootMargin: MARGIN,
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return near;
}
