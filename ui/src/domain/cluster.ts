// How contexts of clusters and what was found of them are shown.

import type { ClusterContext, ClusterFinding, PreflightReport } from "@/api/clusters";
import type { Shown } from "./state";

/** What can be told of a context without asking its cluster. */
export function shownContext({ is_usable, is_insecure, is_protected }: Pick<ClusterContext, "is_usable" | "is_insecure" | "is_protected">): Shown {
  if (!is_usable) return { word: "Cannot be used", tone: "fail", icon: "cross" };
  if (is_insecure) return { word: "Insecure", tone: "warn", icon: "warning" };
  if (is_protected) return { word: "Protected", tone: "wait", icon: "check" };
  return { word: "Usable", tone: "ok", icon: "check" };
}

/** How bad a finding is. */
export function shownFinding({ severity, subject }: ClusterFinding): Shown {
  const word = subject || { error: "Error", warning: "Warning", note: "Note" }[severity];
  if (severity === "error") return { word, tone: "fail", icon: "cross" };
  return severity === "warning" ? { word, tone: "warn", icon: "warning" } : { word, tone: "skip", icon: "skip" };
}

/** What a cluster is, in one line. */
export function clusterWords({ version, user, took_ms, parts }: PreflightReport): string {
  if (!version) return "It was not reached";
  const there = parts.filter(({ is_there }) => is_there).map(({ name }) => name);
  const isKnown = parts.every(({ is_there }) => is_there === true || is_there === false);
  const none = isKnown ? "with nothing of Kubeflow" : "not telling what of Kubeflow it has";
  return [`Kubernetes ${version}`, user && `as ${user}`, there.length > 0 ? `with ${there.join(", ")}` : none, `in ${took_ms} ms`].filter(Boolean).join(", ");
}
