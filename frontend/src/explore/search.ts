import { oneOf, type Search, some, text } from "@/search";
import type { Across, Up } from "./points";

export const exploreSearch = (search: Search) =>
  some({
    dataset: text(search.dataset),
    x: oneOf<Across>("parameters", "bytes", "latency")(search.x),
    y: oneOf<Up>("top1", "gap", "agreement")(search.y),
    /** Ids of the students that are picked, with commas. */
    picked: text(search.picked),
  });
