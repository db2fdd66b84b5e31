import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ChartGroup } from "./group";
import { chartSearch, searchOf, settingsOf } from "./settings";

/** How the charts inside are looked at stands in the address of the page, whose search must let it through. */
export function AddressedCharts({ children }: { children: ReactNode }) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  return (
    <ChartGroup
      settings={settingsOf(chartSearch(search))}
      onSettings={(settings) =>
        void navigate({
          to: ".",
          search: ({ zoom, hide, smooth, log, x, ...others }) => ({ ...others, ...searchOf(settings) }),
          hash: true,
          replace: true,
          resetScroll: false,
        })
      }
    >
      {children}
    </ChartGroup>
  );
}
