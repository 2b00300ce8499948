// When a notebook that nobody uses is stopped.

import { relativeTime } from "./time";

/** `stops in 23 min when idle`; nothing where notebooks are not stopped, or nobody has looked at this one yet. */
export function idleWords(lastActivity: string | undefined, idleSeconds: number | null | undefined, now: number): string | undefined {
  if (!lastActivity || !idleSeconds) return undefined;
  const end = Math.max(now, Date.parse(lastActivity) + idleSeconds * 1000);
  return `stops ${relativeTime(new Date(end).toISOString(), now).replace("just now", "in a moment")} when idle`;
}
