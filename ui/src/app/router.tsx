// Which address shows which page. Addresses are behind a `#`, as those of KFP's pages are: what its clients print leads here.

import { createHashHistory, createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { artifactSearch, artifactsSearch, compareSearch } from "@/domain/artifactSearch";
import { runsSearch } from "@/domain/runTable";
import { Failed } from "./Failed";
import { Shell } from "./shell/Shell";

const root = createRootRoute({ component: Shell, errorComponent: ({ error }) => <Failed error={error} /> });

const page = <Path extends string>(path: Path, load: Parameters<typeof lazyRouteComponent>[0], name: string) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load, name as never) });

/** An address of KFP's own pages, and where that is here. */
const moved = (path: string, to: string) =>
  createRoute({
    getParentRoute: () => root,
    path,
    beforeLoad: ({ params }) => {
      throw redirect({ to, params, replace: true } as never);
    },
  });

/** A page whose address also says what is selected, filtered or open on it. */
const searched = <Path extends string, Search extends object>(
  path: Path,
  validateSearch: (given: Record<string, unknown>) => Search,
  load: Parameters<typeof lazyRouteComponent>[0],
  name: string,
) => createRoute({ getParentRoute: () => root, path, validateSearch, component: lazyRouteComponent(load, name as never) });

const routes = root.addChildren([
  page("/", () => import("@/views/Home"), "Home"),
  searched("/runs", runsSearch, () => import("@/views/Runs"), "Runs"),
  page("/runs/$id", () => import("@/views/Run"), "Run"),
  moved("/runs/details/$id", "/runs/$id"),
  searched("/compare", compareSearch, () => import("@/views/Compare"), "Compare"),
  searched("/artifacts", artifactsSearch, () => import("@/views/Artifacts"), "Artifacts"),
  searched("/artifacts/$id", artifactSearch, () => import("@/views/Artifact"), "Artifact"),
  page("/settings", () => import("@/views/Settings"), "Settings"),
]);

export const router = createRouter({
  routeTree: routes,
  history: createHashHistory(),
  defaultPreload: "intent",
  defaultNotFoundComponent: () => <Failed error={new Error("There is no such page")} />,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
