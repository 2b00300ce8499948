// What a model server had to do in the last ten minutes, as charts and words have it.

import type { LoadSecond, ServerLoad } from "@/api/types";

/** For how many seconds it is known. */
export const KEPT = 600;
/** Over how many seconds a point of a chart goes: what is asked seldom is seen, and what is asked often does not flicker. */
export const GRAIN = 5;

export interface Load {
  readonly atWork: number;
  /** Oldest first. */
  readonly seconds: readonly LoadSecond[];
}

const timeOf = ({ at }: LoadSecond): number => Date.parse(at) / 1000;
const nameOf = ({ at, revision }: LoadSecond): string => `${at} ${revision}`;

function grouped<Key>(seconds: readonly LoadSecond[], keyOf: (second: LoadSecond) => Key): ReadonlyMap<Key, readonly LoadSecond[]> {
  const groups = new Map<Key, LoadSecond[]>();
  for (const second of seconds) {
    const own = groups.get(keyOf(second));
    if (own) own.push(second);
    else groups.set(keyOf(second), [second]);
  }
  return groups;
}

/** What is known with what was told last: seconds are told anew when they change. */
export function merged(before: Load | undefined, { at_work, seconds }: ServerLoad): Load {
  const known = new Map(before?.seconds.map((second) => [nameOf(second), second]));
  for (const second of seconds) known.set(nameOf(second), second);
  const all = [...known.values()].toSorted((one, other) => timeOf(one) - timeOf(other));
  const newest = all.at(-1);
  return { atWork: at_work, seconds: newest ? all.filter((second) => timeOf(second) > timeOf(newest) - KEPT) : [] };
}

export const lately = ({ seconds }: Load, now: number, within = KEPT): readonly LoadSecond[] => seconds.filter((second) => timeOf(second) > now - within);

/** Another one tells that something was answered since. */
export const markOf = ({ seconds }: Load): string => `${seconds.at(-1)?.at} ${figuresOf(seconds, KEPT).requests}`;

export interface Figures {
  readonly requests: number;
  readonly failed: number;
  /** A second, on average. */
  readonly rate: number;
  readonly p50?: number;
  readonly p99?: number;
}

/** Several seconds as one: half of what was asked is in seconds whose median is no longer; the longest 99th of a hundred stands for all. */
export function figuresOf(seconds: readonly LoadSecond[], within: number): Figures {
  const requests = seconds.reduce((all, one) => all + one.requests, 0);
  const failed = seconds.reduce((all, one) => all + one.failed, 0);
  const rate = requests / within;
  if (requests === 0) return { requests, failed, rate };
  let seen = 0;
  const median = seconds.toSorted((one, other) => one.p50_ms - other.p50_ms).find((one) => (seen += one.requests) * 2 >= requests);
  return { requests, failed, rate, p50: median?.p50_ms ?? 0, p99: Math.max(...seconds.map(({ p99_ms }) => p99_ms)) };
}

/** The revisions that answered, the one before a canary first, what nobody was asked last. */
export const revisionsOf = (seconds: readonly LoadSecond[]): readonly string[] =>
  [...new Set(seconds.map(({ revision }) => revision))].toSorted((one, other) => Number(one === "") - Number(other === "") || one.localeCompare(other));

/** What a revision is called where there is none: a model without pods, or a request that came to none. */
export const revisionWords = (revision: string, isAlone: boolean): string => revision || (isAlone ? "The model" : "No revision");

export interface Lines {
  /** The seconds at which points are. */
  readonly times: readonly number[];
  readonly revisions: readonly { readonly revision: string; readonly rates: readonly number[]; readonly p50s: readonly (number | null)[]; readonly p99s: readonly (number | null)[] }[];
  /** Failed answers a second, of all revisions. */
  readonly failed: readonly number[];
}

/** Lines over the last ten minutes, whose points stay where they are while time goes on. */
export function linesOf(seconds: readonly LoadSecond[], now: number): Lines {
  const last = Math.floor(now / GRAIN) * GRAIN;
  const times = Array.from({ length: KEPT / GRAIN }, (_, index) => last - KEPT + GRAIN * (index + 1));
  const first = times[0] ?? last;
  const places = grouped(seconds, (second) => Math.floor((timeOf(second) - first) / GRAIN));
  const at = (index: number, revision?: string) => figuresOf(places.get(index)?.filter((one) => revision === undefined || one.revision === revision) ?? [], GRAIN);
  return {
    times,
    revisions: revisionsOf(seconds).map((revision) => {
      const points = times.map((_, index) => at(index, revision));
      return { revision, rates: points.map(({ rate }) => rate), p50s: points.map(({ p50 }) => p50 ?? null), p99s: points.map(({ p99 }) => p99 ?? null) };
    }),
    failed: times.map((_, index) => at(index).failed / GRAIN),
  };
}

/** `0.4 ms`, `12 ms`, `1.25 s`. */
export function milliseconds(value: number): string {
  if (value === 0) return "0 ms";
  if (value < 9.95) return `${value.toFixed(1)} ms`;
  return value < 999.5 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(2)} s`;
}

/** `0.2`, `12`, with as many digits as say something. */
export const rateWords = (rate: number): string => (rate === 0 ? "0" : rate < 0.1 ? rate.toFixed(2) : rate < 9.95 ? rate.toFixed(1) : String(Math.round(rate)));

const count = (value: number): string => value.toLocaleString("en");

/** What there is to do, in a sentence. */
export function loadWords(load: Load, now: number): string {
  const minute = figuresOf(lately(load, now, 60), 60);
  const whole = lately(load, now);
  const total = figuresOf(whole, KEPT);
  const failed = total.failed === 0 ? "None failed in ten minutes." : `${count(total.failed)} of ${count(total.requests)} failed in ten minutes.`;
  if (minute.requests === 0) return `Nobody asked it in the last minute; ${count(total.requests)} ${total.requests === 1 ? "request" : "requests"} before. ${failed}`;
  return `${rateWords(minute.rate)} requests a second in the last minute; half took up to ${milliseconds(minute.p50 ?? 0)}, 99 of 100 up to ${milliseconds(minute.p99 ?? 0)}. ${failed}`;
}

export interface Minute extends Figures {
  readonly at: number;
  readonly revision: string;
}

/** The same by minutes, newest first. */
export function minutesOf(seconds: readonly LoadSecond[]): readonly Minute[] {
  const minutes = grouped(seconds, (second) => `${Math.floor(timeOf(second) / 60)} ${second.revision}`);
  const rows = [...minutes.values()].map((own) => {
    const [one] = own;
    return { at: one ? Math.floor(timeOf(one) / 60) * 60 : 0, revision: one?.revision ?? "", ...figuresOf(own, 60) };
  });
  return rows.toSorted((one, other) => other.at - one.at || one.revision.localeCompare(other.revision));
}
