import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { createRouter } from "@tanstack/react-router";
import { ApiError, isUnauthorized } from "./api/client";
import { root as prefix } from "./api/root";
import { routeTree } from "./routes";
import { Page } from "./shell/Page";
import { Failure } from "./ui/faces";

const makeRouter = () =>
  createRouter({
    routeTree,
    basepath: prefix || "/",
    defaultPreload: "intent",
    scrollRestoration: true,
    defaultErrorComponent: ({ error, reset }) => (
      <Page title="Something broke">
        <Failure error={error} onRetry={reset} />
      </Page>
    ),
  });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

/** The dashboard's router and what it knows of the service. */
export function makeApp() {
  const router = makeRouter();

  /** Whoever is not signed in goes to the door, and comes back to where they were. */
  function toTheDoor(error: unknown): void {
    const { pathname, href } = router.state.location;
    if (!isUnauthorized(error) || pathname === "/login") return;
    void router.navigate({ to: "/login", search: href === "/" ? {} : { next: href } });
  }

  const queryClient = new QueryClient({
    queryCache: new QueryCache({ onError: toTheDoor }),
    mutationCache: new MutationCache({ onError: toTheDoor }),
    defaultOptions: {
      queries: {
        staleTime: 1_000,
        // What the service has refused it will refuse again; what it could not answer is worth another try.
        retry: (failures, error) =>
          failures < 2 && !(error instanceof ApiError && error.status > 0 && error.status < 500),
      },
    },
  });
  return { router, queryClient };
}
