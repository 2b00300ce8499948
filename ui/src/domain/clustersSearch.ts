// What the address knows of the page of clusters.

/** Which clusters are looked at, and what is open beside them. */
export interface ClustersSearch {
  /** What was sent to a cluster; the contexts where it is left out. */
  readonly tab?: "sent";
  /** A context, or a deployment as `NAMESPACE/NAME`. */
  readonly open?: string;
  /** Whose deployments; those of the context that is offered first where it is left out. */
  readonly context?: string;
  /** Only this namespace's. */
  readonly namespace?: string;
  /** The workload of the open deployment that is followed: `NAMESPACE/job/NAME`. */
  readonly follow?: string;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

export function clustersSearch(search: Record<string, unknown>): ClustersSearch {
  const [open, context, namespace, follow] = ["open", "context", "namespace", "follow"].map((name) => text(search[name]));
  return { ...(search["tab"] === "sent" && { tab: "sent" as const }), ...(open && { open }), ...(context && { context }), ...(namespace && { namespace }), ...(follow && { follow }) };
}
