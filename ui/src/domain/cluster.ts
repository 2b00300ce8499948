// How contexts of clusters and what was found of them are shown.

import type { ClusterContext, ClusterFinding, PreflightReport } from "@/api/clusters";
import type { CreatedRemoteRun } from "@/api/remoteRuns";
import type { Shown } from "./state";

type Diagnostic = CreatedRemoteRun["diagnostics"][number];

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

/** Where in a file something is said, and how bad it is. */
export const shownDiagnostic = ({ severity, span }: Pick<Diagnostic, "severity" | "span">): Shown =>
  ({ word: span ? `Line ${span.line}` : "The file", ...(severity === "error" ? { tone: "fail", icon: "cross" } : { tone: "warn", icon: "warning" }) });

/** What a cluster is, in one line. */
export function clusterWords({ version, user, took_ms, parts }: PreflightReport): string {
  if (!version) return "It was not reached";
  const there = parts.filter(({ is_there }) => is_there).map(({ name }) => name);
  const isKnown = parts.every(({ is_there }) => is_there === true || is_there === false);
  const none = isKnown ? "with nothing of Kubeflow" : "not telling what of Kubeflow it has";
  return [`Kubernetes ${version}`, user && `as ${user}`, there.length > 0 ? `with ${there.join(", ")}` : none, `in ${took_ms} ms`].filter(Boolean).join(", ");
}

/** What preflight came to, in a sentence. */
export function preflightWords({ findings, is_fine }: Pick<PreflightReport, "findings" | "is_fine">): string {
  const count = (severity: ClusterFinding["severity"]) => findings.filter((finding) => finding.severity === severity).length;
  const said = (number: number, word: string) => number > 0 && `${number} ${word}${number === 1 ? "" : "s"}`;
  const found = [said(count("error"), "error"), said(count("warning"), "warning"), said(count("note"), "note")].filter(Boolean).join(", ");
  if (!is_fine) return `It would not work there as it is: ${found}.`;
  return found ? `Nothing keeps it from working there: ${found}.` : "Nothing keeps it from working there.";
}

/** What keeps something from being sent, in a sentence for the button that is off; nothing where only warnings were found. */
export function keptFrom({ findings, is_fine: isFine }: Pick<PreflightReport, "findings" | "is_fine">): string | undefined {
  if (isFine) return undefined;
  const errors = findings.filter(({ severity }) => severity === "error");
  const [first] = errors;
  const more = errors.length - 1;
  return sentences(`Off, since it would not work there: ${first?.message ?? "the cluster was not found to be fine"}${more > 0 ? `, and ${more === 1 ? "one more error" : `${more} more errors`}` : ""}`);
}

/** The context that is offered first: the current one, where it can be used. */
export function firstContext(contexts: readonly ClusterContext[]): ClusterContext | undefined {
  const usable = contexts.filter(({ is_usable }) => is_usable);
  return usable.find(({ is_current }) => is_current) ?? usable[0];
}

/** A part of a message as a sentence begins; names between backticks stay as they are. */
const begun = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What is so, and what to do about it, as sentences. */
export const sentences = (...parts: readonly (string | null | undefined)[]): string =>
  parts
    .filter((part): part is string => Boolean(part))
    .map((part) => begun(part))
    .join(". ");
