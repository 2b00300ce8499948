// When a recurring run begins runs, in words and in times.

import { cronInWords, nextAfter, readCron, spellSeconds } from "./cron";

export interface Schedule {
  readonly kind: "cron" | "interval";
  readonly cron: string;
  /** How many of `unit` an interval is. */
  readonly every: string;
  readonly unit: "minutes" | "hours" | "days";
  /** In the form of a `datetime-local` field; empty where there is none. */
  readonly start: string;
  readonly end: string;
  readonly concurrency: string;
  readonly catchUp: boolean;
}

export const FIRST_SCHEDULE: Schedule = { kind: "cron", cron: "0 0 3 * * *", every: "1", unit: "hours", start: "", end: "", concurrency: "1", catchUp: false };

const UNITS = { minutes: 60, hours: 3600, days: 86_400 } as const;

const MOST_AT_ONCE = 10;

/** A trigger as KFP's API has it. */
export interface Trigger {
  readonly cron_schedule?: { readonly cron: string; readonly start_time?: string; readonly end_time?: string };
  readonly periodic_schedule?: { readonly interval_second: string | number; readonly start_time?: string; readonly end_time?: string };
}

const timeOf = (local: string): string | undefined => (local === "" ? undefined : new Date(local).toISOString().replace(/\.\d+Z$/, "Z"));

/** What is wrong with a schedule, by field. */
export function scheduleErrors(schedule: Schedule): Partial<Record<"cron" | "every" | "end" | "concurrency", string>> {
  const errors: Partial<Record<"cron" | "every" | "end" | "concurrency", string>> = {};
  if (schedule.kind === "cron") {
    try {
      readCron(schedule.cron);
    } catch (error) {
      errors.cron = error instanceof Error ? error.message : String(error);
    }
  } else if (!(Number(schedule.every) > 0)) errors.every = "A number above 0 is needed";
  if (schedule.start && schedule.end && Date.parse(schedule.end) <= Date.parse(schedule.start)) errors.end = "It ends before it starts";
  const most = Number(schedule.concurrency);
  if (!Number.isInteger(most) || most < 1 || most > MOST_AT_ONCE) errors.concurrency = `From 1 to ${MOST_AT_ONCE}`;
  return errors;
}

export function triggerOf(schedule: Schedule): Trigger {
  const [start, end] = [timeOf(schedule.start), timeOf(schedule.end)];
  const bounds = { ...(start && { start_time: start }), ...(end && { end_time: end }) };
  if (schedule.kind === "cron") return { cron_schedule: { cron: schedule.cron.trim(), ...bounds } };
  return { periodic_schedule: { interval_second: Math.max(1, Math.round(Number(schedule.every) * UNITS[schedule.unit])), ...bounds } };
}

/** `At 03:00, UTC`, `Every 2 hours`. A cron expression that cannot be read stands for itself. */
export function triggerInWords(trigger: Trigger): string {
  if (trigger.periodic_schedule) return `Every ${spellSeconds(Number(trigger.periodic_schedule.interval_second))}`;
  const cron = trigger.cron_schedule?.cron ?? "";
  try {
    const words = cronInWords(cron);
    return /\d\d:\d\d/.test(words) ? `${words}, UTC` : words;
  } catch {
    return cron || "Never";
  }
}

/** The next `count` times at which a trigger is due, in milliseconds. */
export function nextTimes(trigger: Trigger, now: number, count = 5): readonly number[] {
  const given = trigger.cron_schedule ?? trigger.periodic_schedule;
  const start = given?.start_time ? Date.parse(given.start_time) : undefined;
  const end = given?.end_time ? Date.parse(given.end_time) : Number.POSITIVE_INFINITY;
  const step = stepOf(trigger, start, now);
  const times: number[] = [];
  for (let at = step(start !== undefined && start > now ? start - 1000 : now); at !== undefined && at <= end && times.length < count; at = step(at)) times.push(at);
  return times;
}

function stepOf(trigger: Trigger, start: number | undefined, now: number): (after: number) => number | undefined {
  if (trigger.cron_schedule) {
    try {
      const cron = readCron(trigger.cron_schedule.cron);
      return (after) => nextAfter(cron, after);
    } catch {
      return () => undefined;
    }
  }
  const pause = Number(trigger.periodic_schedule?.interval_second) * 1000;
  if (!(pause > 0)) return () => undefined;
  const first = start ?? now + pause;
  return (after) => (after < first ? first : first + (Math.floor((after - first) / pause) + 1) * pause);
}

const pad = (value: number): string => String(value).padStart(2, "0");

/** A time as a `datetime-local` field has it. */
export function localTime(at: string | undefined): string {
  if (!at) return "";
  const date = new Date(at);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** The schedule that a recurring run has, to be changed into another one. */
export function scheduleOf(given: { readonly trigger: Trigger; readonly max_concurrency: string; readonly no_catchup?: boolean | undefined }): Schedule {
  const { cron_schedule: cron, periodic_schedule: interval } = given.trigger;
  const pause = Number(interval?.interval_second ?? 3600);
  const unit = (["days", "hours", "minutes"] as const).find((one) => pause % UNITS[one] === 0) ?? "minutes";
  return {
    kind: interval ? "interval" : "cron",
    cron: cron?.cron ?? FIRST_SCHEDULE.cron,
    every: String(pause / UNITS[unit]),
    unit,
    start: localTime((cron ?? interval)?.start_time),
    end: localTime((cron ?? interval)?.end_time),
    concurrency: given.max_concurrency,
    catchUp: !given.no_catchup,
  };
}
