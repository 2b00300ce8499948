// Requests that are sent again: to whom, which, and what came of it.

import type { ModelServer, ReplayedRequest, ReplayReport, ReplayRequests } from "@/api/types";
import type { Copyable } from "./copied";
import { curlCall, quoted } from "./modelCall";
import { canaryRevision, isSplit, presentRevision } from "./modelRequest";
import type { ModelSearch } from "./modelSearch";
import { serverKey } from "./modelServer";
import type { Shown } from "./state";

export const USUAL_LAST = 100;
export const MOST = 1000;
export const USUAL_TOLERANCE = "1e-6";

export const CANARY = "canary";
export const PRESENT = "present";

/** Somebody who may answer: `canary`, `present`, or the namespace and name of another server. */
export interface Target {
  readonly key: string;
  readonly title: string;
}

export function targetsOf(server: ModelServer, others: readonly ModelServer[]): readonly Target[] {
  return [
    ...(isSplit(server) ? [{ key: CANARY, title: `The new revision, ${canaryRevision(server)}` }] : []),
    { key: PRESENT, title: isSplit(server) ? `The revision before, ${presentRevision(server)}` : "What it answers with now" },
    ...others.filter((other) => serverKey(other) !== serverKey(server)).map((other) => ({ key: serverKey(other), title: other.namespace === server.namespace ? other.name : `${other.name} in ${other.namespace}` })),
  ];
}

/** Against whom, as the workbench is told it. */
export function against(server: ModelServer, key: string): Pick<ReplayRequests, "against" | "revision"> {
  if (key === CANARY) return { revision: canaryRevision(server) };
  if (key === PRESENT) return isSplit(server) ? { revision: presentRevision(server) } : {};
  const [namespace = "", name = ""] = key.split("/");
  return { against: { namespace, name } };
}

/** Who answers where that is not said: what may come next, rather than what is there. */
export const usualTarget = (targets: readonly Target[]): string => (targets.find(({ key }) => key !== PRESENT) ?? targets[0])?.key ?? PRESENT;

/** Which of the requests; nothing where their numbers have to be asked for first. */
export function selection({ replay, chosen, text, code, revision, slower }: ModelSearch, last: number): Pick<ReplayRequests, "numbers" | "last" | "search"> | undefined {
  if (replay === "chosen") return { numbers: chosen ?? [] };
  if (replay !== "fitting") return { last };
  return code || revision || slower ? undefined : { last, ...(text && { search: text }) };
}

/** Why a tolerance is none. */
export function toleranceProblem(text: string): string | undefined {
  const value = Number(text);
  return text.trim() === "" || !Number.isFinite(value) || value < 0 ? "A number from 0 on, such as 1e-6 or 0.01" : undefined;
}

export const lastProblem = (last: number): string | undefined => (Number.isInteger(last) && last >= 1 && last <= MOST ? undefined : `A whole number from 1 to ${MOST.toLocaleString("en")}`);

/** The same as a command, which cannot name single requests. */
export function replayCommand({ namespace, name }: Pick<ModelServer, "namespace" | "name">, wanted: ReplayRequests): string | undefined {
  if (wanted.numbers) return undefined;
  const other = wanted.against;
  const words = [
    ...(namespace === "default" ? [] : [`-n ${namespace}`]),
    ...(other ? [`--against ${other.name}`] : []),
    ...(other && other.namespace !== namespace ? [`--against-namespace ${other.namespace}`] : []),
    ...(wanted.revision ? [`--revision ${wanted.revision}`] : []),
    ...(typeof wanted.last === "number" ? [`--last ${wanted.last}`] : []),
    ...(wanted.search ? [`--search ${quoted(wanted.search)}`] : []),
    ...(typeof wanted.tolerance === "number" ? [`--tolerance ${wanted.tolerance}`] : []),
  ];
  return ["coracle replay", name, ...words].join(" ");
}

const OUTCOMES: Readonly<Record<ReplayedRequest["outcome"], Shown>> = {
  same: { tone: "ok", icon: "check", word: "Same" },
  different: { tone: "warn", icon: "warning", word: "Different" },
  failed: { tone: "fail", icon: "cross", word: "Failed" },
};

export const shownOutcome = (outcome: ReplayedRequest["outcome"]): Shown => OUTCOMES[outcome];

export const sentAgain = ({ same, different, failed }: ReplayReport): number => same + different + failed;

/** What came of it, in a sentence. */
export function reportWords(report: ReplayReport): string {
  const sent = sentAgain(report);
  if (sent === 0) return report.skipped === 0 ? "No request fits." : "None could be sent: their bodies were not kept.";
  const differ = report.different + report.failed;
  if (differ === 0 && sent === 1) return "The answer is the same.";
  if (differ === 0) return `All ${sent} answers are the same.`;
  return `${differ} of ${sent} answers ${differ === 1 ? "is" : "are"} not as before.`;
}

/** What a server said instead of an answer, where it did as servers of models do. */
export function failureWords({ outcome, differences }: Pick<ReplayedRequest, "outcome" | "differences">): string | undefined {
  const said = outcome === "failed" ? differences.find(({ path }) => path === "error" || path === "detail")?.after : undefined;
  return said?.startsWith('"') ? said.replaceAll('"', "") : undefined;
}

type Step = string | number;

/** `outputs[0].data[3]` as steps. */
function stepsOf(path: string): readonly Step[] {
  return [...path.matchAll(/\[(\d+)\]|\.?([^.[]+)/g)].map(([, index, name]) => (index === undefined ? (name ?? "") : Number(index)));
}

const read = (text: string): unknown => JSON.parse(text) as unknown;

/**
 * The answer now, put together of the one before and of what differs: nothing where not all is told of that. What is not
 * compared, or is as near as is let pass, is as it was.
 */
export function answerNow(before: string, { differences, difference_count }: Pick<ReplayedRequest, "differences" | "difference_count">): string | undefined {
  if (differences.length < difference_count) return undefined;
  try {
    const [only] = differences;
    if (only?.path === "") return whole(only.after);
    const answer = read(before);
    // The last first: what is taken out of a list moves those behind it.
    for (const { path, after } of differences.toReversed()) put(answer, stepsOf(path), after);
    return JSON.stringify(answer, null, 2);
  } catch {
    // What is told of is cut short.
    return undefined;
  }
}

function whole(after: string | null | undefined): string {
  const value = read(after ?? '""');
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function put(answer: unknown, steps: readonly Step[], after: string | null | undefined): void {
  const last = steps.at(-1);
  const holder = steps.slice(0, -1).reduce<unknown>((value, step) => (value as Record<Step, unknown>)[step], answer) as Record<Step, unknown>;
  if (last === undefined || typeof holder !== "object") throw new Error("there is no such place");
  if (typeof after === "string") holder[last] = read(after);
  else if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else delete holder[last];
}

/** Those that are not as before. */
export const differing = ({ replayed }: ReplayReport): readonly ReplayedRequest[] => replayed.filter(({ outcome }) => outcome !== "same");

/** The report, and how it is made elsewhere. */
export function replayCopies(server: Pick<ModelServer, "namespace" | "name">, { wanted, report }: { readonly wanted: ReplayRequests; readonly report: ReplayReport }, origin: string): readonly Copyable[] {
  const command = replayCommand(server, wanted);
  const url = `${origin}/apis/coracle/v1/model-servers/${encodeURIComponent(server.namespace)}/${encodeURIComponent(server.name)}/replay`;
  return [{ label: "JSON", text: JSON.stringify(report, null, 2) }, ...(command ? [{ label: "command", text: command }] : []), { label: "curl", text: curlCall({ url, body: wanted }) }];
}
