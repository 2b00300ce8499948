// What would become of objects in a cluster, and what came of them, as it is shown.

import type { components } from "@/api/schema";
import { sentences } from "./cluster";
import type { Shown } from "./state";

type Schemas = components["schemas"];

/** An object as people name it. */
export const objectName = ({ kind, name }: Schemas["ObjectKey"]): string => `${kind} ${name}`;

/** The name under which an object of the workbench is sent: its own. */
export const deploymentName = (what: string): string => what.split("/").at(-1) ?? what;

const ok = (word: string): Shown => ({ word, tone: "ok", icon: "check" });
const same = (word: string): Shown => ({ word, tone: "skip", icon: "skip" });
const bad = (word: string): Shown => ({ word, tone: "fail", icon: "cross" });
const warn = (word: string): Shown => ({ word, tone: "warn", icon: "warning" });

/** What would become of an object, and why not. */
export function shownWould(would: Schemas["WouldBecome"]): readonly [Shown, string?] {
  switch (would.state) {
    case "create":
      return [ok("Would be created")];
    case "change":
      return [warn("Would be changed")];
    case "nothing":
      return [same("Is so already")];
    case "prune":
      return [warn("Would be removed")];
    case "refused":
      return [bad("Would be refused"), sentences(would.refusal.message, would.hint)];
    case "unknown":
      return [same("Cannot be told"), sentences(would.reason)];
  }
}

/** What came of an object, and why. */
export function shownDone(done: Schemas["ObjectDone"]): readonly [Shown, string?] {
  switch (done.state) {
    case "created":
      return [ok("Created")];
    case "changed":
      return [ok("Changed")];
    case "unchanged":
      return [same("Unchanged")];
    case "restored":
      return [ok("Restored")];
    case "deleted":
      return [ok("Deleted")];
    case "gone":
      return [same("Gone already")];
    case "kept":
      return [warn("Kept"), sentences(done.reason)];
    case "refused":
      return [bad("Refused"), sentences(done.refusal.message, done.hint)];
    case "not-reached":
      return [bad("Not reached"), sentences(done.reason)];
  }
}

/** How a deployment stands by its record in the cluster, and what to do about it. */
export function shownDeployment({ problem, is_finished: isFinished, can_go_back: canGoBack }: Schemas["ListedDeployment"]): readonly [Shown, string?] {
  if (problem) return [bad("Cannot be read"), sentences(problem)];
  if (!isFinished) return [warn("Unfinished"), "Send it once more to finish it"];
  return canGoBack ? [ok("Sent")] : [same("Gone back from")];
}

/** How an object stands in its cluster, and what that says of it. */
export function shownStanding(standing: Schemas["ObjectStanding"]): readonly [Shown, string?] {
  switch (standing.state) {
    case "there":
      return [ok("There")];
    case "ready":
      return [ok(sentences(standing.told))];
    case "underway":
      return [{ word: "Under way", tone: "run", icon: "turn" }, sentences(standing.told)];
    case "failed":
      return [bad("Failed"), sentences(standing.told)];
    case "gone":
      return [warn("Gone")];
    case "not-told":
      return [warn("Not told"), sentences(standing.reason)];
  }
}

const FOLLOWED: Readonly<Record<string, string>> = { "batch/v1 Job": "job", "v1 Pod": "pod", "apps/v1 Deployment": "deployment" };

/** How an object is named to be followed, where it is a workload that can be. */
export function workloadOf({ api_version: version, kind, name }: Schemas["ObjectKey"]): string | undefined {
  const word = FOLLOWED[`${version} ${kind}`];
  return word && `${word}/${name}`;
}

/** What is heard of a workload as a line of a log; its beginning says whether it is one of the log itself. */
export function workloadLine(news: Schemas["WorkloadNews"]): string {
  const about = (...parts: readonly (string | null | undefined)[]) => parts.filter(Boolean).join(": ");
  switch (news.type) {
    case "line":
      return news.is_continued ? `… ${news.text}` : news.text;
    case "state":
      return `— ${news.state}`;
    case "pod":
      return `— ${about(`pod ${news.pod}`, news.state, news.message)}`;
    case "container":
      return `— ${about(`container ${news.container}`, news.state, news.message)}`;
    case "event":
      return `— ${about(news.object, news.reason, news.message)}`;
    case "not-told":
      return `— ${about(news.what, news.reason)}`;
    case "trouble":
      return `— ${about("the cluster does not answer", news.message)}`;
    case "back":
      return "— the cluster answers again";
    case "ended":
      return `— ${about(news.end, news.reason, news.message)}`;
  }
}

/** How many fields go over in which way, in one line. */
export function parityWords(summary: Schemas["ParitySummary"]): string {
  const parts = [
    [summary.same, "the same"],
    [summary.translated, "translated"],
    [summary["cluster-only"], "heeded only there"],
    [summary["not-portable"], "not portable"],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, words]) => `${count} ${words}`)
    .join(", ");
}

/** The fields that do not go over as they are, the gravest first. */
export function changedFields(report: Schemas["ParityReport"]): readonly (Schemas["FieldParityReport"] & { readonly object: Schemas["ObjectKey"] })[] {
  const order = ["not-portable", "cluster-only", "translated", "same"];
  return report.objects
    .flatMap(({ object, fields }) => fields.map((field) => ({ ...field, object })))
    .filter(({ verdict }) => verdict !== "same")
    .toSorted((one, other) => order.indexOf(one.verdict) - order.indexOf(other.verdict));
}

/** How a field goes over. */
export const PARITY: Readonly<Record<Schemas["FieldParity"], Shown>> = {
  same: ok("Same"),
  translated: warn("Translated"),
  "cluster-only": same("Cluster only"),
  "not-portable": bad("Not portable"),
};

/** How a thing of a pipeline goes over to a workflow. */
export const LOWERED: Readonly<Record<Schemas["LoweringParity"], Shown>> = { translated: PARITY.translated, cluster_only: PARITY["cluster-only"], not_portable: PARITY["not-portable"] };
