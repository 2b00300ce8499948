// Times and durations in words that do not jump.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds between two times; until `now` where it has not ended. */
export function duration(from?: string | null, to?: string | null, now = Date.now()): number | undefined {
  if (!from) return undefined;
  return Math.max(0, (to ? Date.parse(to) : now) - Date.parse(from));
}

/** `0.4 s`, `41 s`, `2 min 05 s`, `3 h 12 min`, `2 d 4 h`. */
export function shortDuration(milliseconds?: number): string {
  if (milliseconds === undefined) return "";
  if (milliseconds < 10 * SECOND) return `${(milliseconds / SECOND).toFixed(1)} s`;
  if (milliseconds < MINUTE) return `${Math.floor(milliseconds / SECOND)} s`;
  if (milliseconds < HOUR) return `${Math.floor(milliseconds / MINUTE)} min ${pad(Math.floor((milliseconds % MINUTE) / SECOND))} s`;
  if (milliseconds < DAY) return `${Math.floor(milliseconds / HOUR)} h ${pad(Math.floor((milliseconds % HOUR) / MINUTE))} min`;
  return `${Math.floor(milliseconds / DAY)} d ${Math.floor((milliseconds % DAY) / HOUR)} h`;
}

/** `just now`, `4 min ago`, `in 3 h`. */
export function relativeTime(at: string, now = Date.now()): string {
  const distance = Date.parse(at) - now;
  const size = Math.abs(distance);
  if (size < 45 * SECOND) return distance > 0 ? "in a moment" : "just now";
  const [count, unit] = size < 50 * MINUTE ? [size / MINUTE, "min"] : size < 22 * HOUR ? [size / HOUR, "h"] : [size / DAY, "d"];
  const whole = Math.max(1, Math.round(count));
  return distance > 0 ? `in ${whole} ${unit}` : `${whole} ${unit} ago`;
}

/** The whole time, in the user's own form. */
export const fullTime = (at: string): string => new Date(at).toLocaleString();

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

/** `14:02:31` of today, `27 Nov 14:02` before. */
export function timeOfDay(at: string, now = new Date()): string {
  const time = new Date(at);
  const isToday = time.toDateString() === now.toDateString();
  const clock = time.toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(isToday && { second: "2-digit" }) });
  return isToday ? clock : `${time.getDate()} ${time.toLocaleDateString("en", { month: "short" })} ${clock}`;
}
