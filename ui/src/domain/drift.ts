// How far a feature is from what it was in training, in words and shares.

import type { DriftBin, DriftVerdict, FeatureDrift, ModelDrift } from "@/api/types";
import type { Copyable } from "./copied";
import type { Shown } from "./state";
import { numberText } from "./values";

const SHOWN: Record<DriftVerdict, Shown> = {
  significant: { tone: "fail", icon: "cross", word: "Drifted" },
  moderate: { tone: "warn", icon: "warning", word: "Beginning to differ" },
  stable: { tone: "ok", icon: "check", word: "As in training" },
  too_few_rows: { tone: "wait", icon: "clock", word: "Too few rows" },
};

export const shownDrift = (verdict: DriftVerdict): Shown => SHOWN[verdict];

const ORDER = Object.keys(SHOWN);

/** A feature, or what is predicted. */
export interface Watched extends FeatureDrift {
  readonly isPrediction: boolean;
}

/** The predictions first, then the features: those that differ most before the others. */
export function watched({ prediction, features }: ModelDrift): readonly Watched[] {
  const ordered = features.toSorted((one, other) => ORDER.indexOf(one.verdict) - ORDER.indexOf(other.verdict) || other.psi - one.psi);
  return [...(prediction ? [{ ...prediction, isPrediction: true }] : []), ...ordered.map((feature) => ({ ...feature, isPrediction: false }))];
}

/** Its key among the others: a feature may be called as what is predicted. */
export const watchedKey = ({ isPrediction, name }: Watched): string => (isPrediction ? `prediction ${name}` : name);

/** What part of each of the two has a bin, of a hundred. */
export interface BinShare {
  readonly label: string;
  readonly trained: number;
  readonly asked: number;
}

export function binShares(bins: readonly DriftBin[]): readonly BinShare[] {
  const sum = (of: "expected" | "observed") => bins.reduce((all, bin) => all + bin[of], 0);
  const [expected, observed] = [sum("expected"), sum("observed")];
  const share = (part: number, all: number) => (all === 0 ? 0 : (100 * part) / all);
  const digits = digitsOf(bins);
  return bins.map((bin) => ({ label: binLabel(bin, digits), trained: share(bin.expected, expected), asked: share(bin.observed, observed) }));
}

/** In as many digits as tell the edges of bins apart, and no more. */
function digitsOf(bins: readonly DriftBin[]): number {
  const edges = [...new Set(bins.flatMap(({ from, to }) => [from, to]).filter((edge) => typeof edge === "number"))].toSorted((one, other) => one - other);
  const gaps = edges.slice(1).map((edge, at) => edge - (edges[at] ?? edge));
  const [largest, least] = [Math.max(...edges.map(Math.abs)), Math.min(...gaps)];
  const needed = Math.ceil(Math.log10(largest / least)) + 1;
  return Number.isFinite(needed) ? Math.min(15, Math.max(FEWEST_DIGITS, needed)) : FEWEST_DIGITS;
}

const FEWEST_DIGITS = 3;

function binLabel({ label, from, to }: DriftBin, digits: number): string {
  const text = (value: number) => String(Number(value.toPrecision(digits)));
  const begin = typeof from === "number" ? text(from) : undefined;
  const end = typeof to === "number" ? text(to) : undefined;
  if (begin !== undefined && end !== undefined) return `${begin} to ${end}`;
  if (begin !== undefined) return `above ${begin}`;
  return end === undefined ? label : `below ${end}`;
}

/** `12 %`; what is less than a percent and not nothing is `< 1 %`. */
export const percentText = (share: number): string => (share > 0 && share < 1 ? "< 1 %" : `${Math.round(share)} %`);

/** What was looked at. */
export function lookedAt({ requests, rows, unread, has_more }: ModelDrift): string {
  if (requests === 0) return "Nothing was asked in that time.";
  const all = `${rows} ${rows === 1 ? "row" : "rows"} of ${has_more ? "the last " : ""}${requests} ${requests === 1 ? "request" : "requests"}`;
  return unread > 0 ? `${all}; ${unread} could not be read` : all;
}

export const chanceText = (chance: number | null | undefined): string => {
  if (chance === null || chance === undefined) return "";
  return chance < 0.001 ? "< 0.001" : numberText(Number(chance.toPrecision(2)));
};

export const driftCopies = ({ namespace, name }: { readonly namespace: string; readonly name: string }, origin: string): readonly Copyable[] => [
  { label: "command", text: `coracle drift ${name} -n ${namespace}` },
  { label: "curl", text: `curl ${origin}/apis/coracle/v1/model-servers/${namespace}/${name}/drift` },
];
