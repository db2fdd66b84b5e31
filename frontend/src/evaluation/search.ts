import { useNavigate, useSearch } from "@tanstack/react-router";
import { flag, oneOf, type Search, some, text } from "@/search";
import type { Kind, Order } from "./gaps";
import type { Split } from "./queries";

/** How an evaluation is looked at, as the address says it. */
export interface View {
  split?: Split;
  /** Which classes come first, which are searched for, and whether all of them are shown. */
  order?: Order;
  find?: string;
  all?: true;
  /** Which disagreements are shown. */
  differ?: Kind;
  /** Confusions by how frequent they are, rather than by how much more frequent than the teacher's. */
  pairs?: "most";
}

const split = oneOf<Split>("val", "test");
const order = oneOf<Order>("behind", "ahead", "hardest");
const differ = oneOf<Kind>("teacher", "student", "neither");
const pairs = oneOf("most");

export const evaluationSearch = (search: Search) =>
  some({
    split: split(search.split),
    order: order(search.order),
    find: text(search.find),
    all: flag(search.all),
    differ: differ(search.differ),
    pairs: pairs(search.pairs),
  });

/** The view of this page and how to change a part of it: nothing moves, and the way back stays one step. */
export function useView(): [View, (change: { [K in keyof View]: View[K] | undefined }) => void] {
  const view: View = useSearch({ strict: false });
  const navigate = useNavigate();
  return [
    view,
    (change) =>
      void navigate({
        to: ".",
        search: (before: object) => some({ ...before, ...change }) as never,
        replace: true,
        resetScroll: false,
      }),
  ];
}
