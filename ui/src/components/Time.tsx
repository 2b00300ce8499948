import { useEffect, useState } from "react";
import { duration, fullTime, relativeTime, shortDuration } from "@/domain/time";

/** Times that move on are drawn anew this often, all at once. */
const TICK = 1000;
const listeners = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

/** The time, moving on by the second while it has to. */
export function useNow(isMoving: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isMoving) return;
    const listener = () => setNow(Date.now());
    // What did not move until now is late; what has just been made is not, and is drawn once.
    const catchUp = () => setNow((before) => (Date.now() - before < TICK ? before : Date.now()));
    catchUp();
    listeners.add(listener);
    // Nobody reads a page that is hidden, and one in a tray is hidden for days.
    ticking ??= setInterval(() => document.hidden || listeners.forEach((tell) => tell()), TICK);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) {
        clearInterval(ticking);
        ticking = undefined;
      }
    };
  }, [isMoving]);
  return now;
}

/** How long ago, with the whole time when pointed at. */
export function Ago({ at }: { readonly at?: string | null | undefined }) {
  const now = useNow(at !== undefined && at !== null);
  if (!at) return null;
  return (
    <time dateTime={at} title={fullTime(at)}>
      {relativeTime(at, now)}
    </time>
  );
}

/** How long something took, or takes so far. */
export function Took({ from, to }: { readonly from?: string | null | undefined; readonly to?: string | null | undefined }) {
  const now = useNow(Boolean(from) && !to);
  return <>{shortDuration(duration(from, to, now))}</>;
}
