// Which address shows which page. Addresses are behind a `#`, as those of KFP's pages are: what its clients print leads here.

import { createHashHistory, createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { again } from "@/components/again";
import { experimentSearch, experimentsSearch, newRunSearch, pipelineSearch, pipelinesSearch, recurringSearch } from "@/domain/address";
import { artifactSearch, artifactsSearch, compareSearch } from "@/domain/artifactSearch";
import { clustersSearch } from "@/domain/clustersSearch";
import { modelSearch, newModelSearch } from "@/domain/modelSearch";
import { runSearch } from "@/domain/runSearch";
import { runsSearch } from "@/domain/runTable";
import { Failed } from "./Failed";
import { Shell } from "./shell/Shell";

const root = createRootRoute({ component: Shell, errorComponent: ({ error }) => <Failed error={error} /> });

const page = <Path extends string>(path: Path, load: Parameters<typeof lazyRouteComponent>[0], name: string) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(again(load), name as never) });

/** A page whose address also says what is selected, filtered or open on it. */
const searched = <Path extends string, Search extends object>(
  path: Path,
  validateSearch: (given: Record<string, unknown>) => Search,
  load: Parameters<typeof lazyRouteComponent>[0],
  name: string,
) => createRoute({ getParentRoute: () => root, path, validateSearch, component: lazyRouteComponent(again(load), name as never) });

/** An address of KFP's own pages, and where that is here. */
const moved = <Path extends string>(path: Path, to: string) =>
  createRoute({
    getParentRoute: () => root,
    path,
    beforeLoad: ({ params }) => {
      throw redirect({ to, params, replace: true } as never);
    },
  });

/** The same as `moved`, where the parts of the address go to other places. */
const movedAs = <Path extends string>(path: Path, to: (params: Record<string, string>) => object) =>
  createRoute({
    getParentRoute: () => root,
    path,
    beforeLoad: ({ params }) => {
      throw redirect({ ...to(params as Record<string, string>), replace: true } as never);
    },
  });

/** A text that an address may hold. */
const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);

const notebooks = createRoute({
  getParentRoute: () => root,
  path: "/notebooks",
  validateSearch: (search): { readonly open?: string; readonly tab?: string } => {
    const [open, tab] = [text(search["open"]), text(search["tab"])];
    return { ...(open && { open }), ...(tab && { tab }) };
  },
  component: lazyRouteComponent(again(() => import("@/views/Notebooks")), "Notebooks"),
});

const notebook = createRoute({
  getParentRoute: () => root,
  path: "/notebooks/$namespace/$name",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/notebooks", search: { open: `${params.namespace}/${params.name}` }, replace: true });
  },
});

const secrets = createRoute({
  getParentRoute: () => root,
  path: "/secrets",
  validateSearch: (search): { readonly open?: string; readonly make?: "secrets" | "config-maps" } => {
    const [open, make] = [text(search["open"]), search["make"]];
    return { ...(open && { open }), ...((make === "secrets" || make === "config-maps") && { make }) };
  },
  component: lazyRouteComponent(again(() => import("@/views/Secrets")), "Secrets"),
});

const deploy = createRoute({
  getParentRoute: () => root,
  path: "/deploy",
  validateSearch: (search): { readonly what?: string; readonly namespace?: string; readonly pipeline?: string; readonly version?: string } => {
    const [what, namespace, pipeline, version] = ["what", "namespace", "pipeline", "version"].map((name) => text(search[name]));
    return { ...(what && { what }), ...(namespace && { namespace }), ...(pipeline && { pipeline }), ...(version && { version }) };
  },
  component: lazyRouteComponent(again(() => import("@/views/Deploy")), "Deploy"),
});

const volumes = createRoute({
  getParentRoute: () => root,
  path: "/volumes",
  validateSearch: (search): { readonly open?: string; readonly make?: "volume" } => {
    const open = text(search["open"]);
    return { ...(open && { open }), ...(search["make"] === "volume" && { make: "volume" }) };
  },
  component: lazyRouteComponent(again(() => import("@/views/Volumes")), "Volumes"),
});

const disk = createRoute({
  getParentRoute: () => root,
  path: "/disk",
  validateSearch: (search): { readonly days?: number; readonly environments?: boolean } => {
    const days = Number(search["days"]);
    return { ...(days > 0 && { days }), ...(search["environments"] === true && { environments: true }) };
  },
  component: lazyRouteComponent(again(() => import("@/views/Disk")), "Disk"),
});

const routes = root.addChildren([
  page("/", () => import("@/views/Home"), "Home"),
  searched("/runs", runsSearch, () => import("@/views/Runs"), "Runs"),
  searched("/runs/$id", runSearch, () => import("@/views/Run"), "Run"),
  moved("/runs/details/$id", "/runs/$id"),
  page("/runs/remote/$id", () => import("@/views/RemoteRun"), "RemoteRun"),
  movedAs("/runs/new", () => ({ to: "/new-run" })),
  searched("/pipelines", pipelinesSearch, () => import("@/views/Pipelines"), "Pipelines"),
  searched("/pipelines/$pipeline", pipelineSearch, () => import("@/views/Pipeline"), "Pipeline"),
  movedAs("/pipelines/details/$id", ({ id }) => ({ to: "/pipelines/$pipeline", params: { pipeline: id } })),
  movedAs("/pipelines/details/$id/version/$version", ({ id, version }) => ({ to: "/pipelines/$pipeline", params: { pipeline: id }, search: { version } })),
  searched("/new-run", newRunSearch, () => import("@/views/NewRun"), "NewRun"),
  searched("/recurring", recurringSearch, () => import("@/views/Recurring"), "Recurring"),
  movedAs("/recurringruns", () => ({ to: "/recurring" })),
  movedAs("/recurringrun/details/$id", ({ id }) => ({ to: "/recurring", search: { id } })),
  searched("/experiments", experimentsSearch, () => import("@/views/Experiments"), "Experiments"),
  searched("/experiments/$id", experimentSearch, () => import("@/views/Experiment"), "Experiment"),
  moved("/experiments/details/$id", "/experiments/$id"),
  notebooks,
  notebook,
  secrets,
  searched("/clusters", clustersSearch, () => import("@/views/Clusters"), "Clusters"),
  deploy,
  volumes,
  disk,
  page("/models", () => import("@/views/Models"), "Models"),
  searched("/models/new", newModelSearch, () => import("@/views/NewModel"), "NewModel"),
  searched("/models/$namespace/$name", modelSearch, () => import("@/views/Model"), "Model"),
  page("/notebooks/new", () => import("@/views/NewNotebook"), "NewNotebook"),
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
