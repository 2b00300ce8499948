// Cron expressions as KFP reads them, with seconds first and in UTC, and the times at which they are due.
//
// `SECOND MINUTE HOUR DAY-OF-MONTH MONTH [DAY-OF-WEEK]`, Sunday is 0; `?` is `*`; where both days are restricted, either
// is enough; words such as `@daily`; `@every 1h30m`.

import cronstrue from "cronstrue";

interface Field {
  readonly allowed: ReadonlySet<number>;
  readonly isOpen: boolean;
}

type Cron = { readonly every: number } | { readonly fields: readonly Field[] };

const NAMES: Record<string, readonly string[]> = {
  month: ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  weekday: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};
const BOUNDS = [
  ["second", 0, 59],
  ["minute", 0, 59],
  ["hour", 0, 23],
  ["day of the month", 1, 31],
  ["month", 1, 12],
  ["weekday", 0, 6],
] as const;

const WORDS: Record<string, string> = {
  "@yearly": "0 0 0 1 1 *",
  "@annually": "0 0 0 1 1 *",
  "@monthly": "0 0 0 1 * *",
  "@weekly": "0 0 0 * * 0",
  "@daily": "0 0 0 * * *",
  "@midnight": "0 0 0 * * *",
  "@hourly": "0 0 * * * *",
};

const UNITS: Record<string, number> = { h: 3600, m: 60, s: 1 };
const DAY = 86_400_000;
const HORIZON = 5 * 366;

/** The expression, or an error whose message says what is wrong with it. */
export function readCron(text: string): Cron {
  const trimmed = text.trim();
  if (trimmed === "") throw new Error("An expression is needed, such as 0 0 3 * * *");
  if (trimmed.startsWith("@every ")) return { every: readEvery(trimmed.slice("@every ".length).trim()) };
  const spelled = trimmed.startsWith("@") ? WORDS[trimmed] : trimmed;
  if (spelled === undefined) throw new Error(`There is no ${trimmed}; there are ${Object.keys(WORDS).join(", ")} and @every 1h30m`);
  const parts = spelled.split(/\s+/);
  if (parts.length < 5 || parts.length > 6) throw new Error(`${parts.length} fields where 6 are needed: second, minute, hour, day of the month, month, weekday`);
  return { fields: BOUNDS.map((_, index) => readField(parts[index] ?? "*", index)) };
}

function readEvery(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join("") !== text) throw new Error("A duration is needed, such as @every 1h30m");
  return Math.max(1, Math.floor(parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (UNITS[unit] ?? 0), 0)));
}

function readField(text: string, index: number): Field {
  const [name, least, most] = BOUNDS[index] ?? ["", 0, 0];
  const allowed = new Set<number>();
  let isOpen = false;
  for (const part of text.split(",")) {
    const [range = "", step, ...rest] = part.split("/");
    if (rest.length > 0) throw new Error(`Too many slashes in ${part}`);
    const isAny = range === "*" || range === "?";
    isOpen ||= isAny;
    const [from, to] = isAny ? [least, most] : readRange(range, name, step !== undefined ? most : undefined);
    const by = step === undefined ? 1 : readNumber(step, "");
    if (by < 1) throw new Error("A step has to be 1 or more");
    if (from < least || to > most) throw new Error(`A ${name} is from ${least} to ${most}, not ${range}`);
    if (from > to) throw new Error(`${range} ends before it begins`);
    for (let value = from; value <= to; value += by) allowed.add(value);
  }
  return { allowed, isOpen };
}

function readRange(text: string, name: string, end: number | undefined): readonly [number, number] {
  const [first = "", last, ...rest] = text.split("-");
  if (rest.length > 0) throw new Error(`Too many hyphens in ${text}`);
  const from = readNumber(first, name);
  return [from, last === undefined ? (end ?? from) : readNumber(last, name)];
}

function readNumber(text: string, name: string): number {
  const named = NAMES[name]?.indexOf(text.toLowerCase()) ?? -1;
  if (text !== "" && named >= 0) return named;
  if (!/^\d+$/.test(text)) throw new Error(`${text || "An empty field"} is no ${name || "number"}`);
  return Number(text);
}

/** The first time after `after`, in milliseconds; none within five years. */
export function nextAfter(cron: Cron, after: number): number | undefined {
  if ("every" in cron) return (Math.floor(after / 1000) + cron.every) * 1000;
  const begin = (Math.floor(after / 1000) + 1) * 1000;
  const midnight = begin - (begin % DAY);
  for (let day = 0; day <= HORIZON; day += 1) {
    const start = midnight + day * DAY;
    if (!allowsDay(cron.fields, new Date(start))) continue;
    const found = firstTime(cron.fields, day === 0 ? (begin - start) / 1000 : 0);
    if (found !== undefined) return start + found * 1000;
  }
  return undefined;
}

function allowsDay([, , , ofMonth, month, ofWeek]: readonly Field[], date: Date): boolean {
  if (!ofMonth || !month || !ofWeek || !month.allowed.has(date.getUTCMonth() + 1)) return false;
  const [fitsMonth, fitsWeek] = [ofMonth.allowed.has(date.getUTCDate()), ofWeek.allowed.has(date.getUTCDay())];
  return ofMonth.isOpen || ofWeek.isOpen ? fitsMonth && fitsWeek : fitsMonth || fitsWeek;
}

/** Seconds into the day of the first time at or after `from`. */
function firstTime([seconds, minutes, hours]: readonly Field[], from: number): number | undefined {
  const times = (field: Field | undefined) => [...(field?.allowed ?? [])].toSorted((one, other) => one - other);
  for (const hour of times(hours)) {
    if ((hour + 1) * 3600 <= from) continue;
    for (const minute of times(minutes)) {
      if (hour * 3600 + (minute + 1) * 60 <= from) continue;
      const second = times(seconds).find((one) => hour * 3600 + minute * 60 + one >= from);
      if (second !== undefined) return hour * 3600 + minute * 60 + second;
    }
  }
  return undefined;
}

/** `At 03:00`, `Every 10 minutes`. */
export function cronInWords(text: string): string {
  const cron = readCron(text);
  if ("every" in cron) return `Every ${spellSeconds(cron.every)}`;
  const spelled = WORDS[text.trim()] ?? text.trim().replaceAll("?", "*");
  const full = spelled.split(/\s+/).length === 5 ? `${spelled} *` : spelled;
  return cronstrue.toString(full, { use24HourTimeFormat: true, dayOfWeekStartIndexZero: true });
}

/** `30 minutes`, `1 hour 30 minutes`. */
export function spellSeconds(count: number): string {
  const units = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ] as const;
  let rest = count;
  const parts = units.flatMap(([unit, size]) => {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    return whole > 0 ? [`${whole} ${unit}${whole === 1 ? "" : "s"}`] : [];
  });
  return parts.join(" ") || "0 seconds";
}
