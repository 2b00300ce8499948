import { useCallback, useSyncExternalStore } from "react";
import { useToasts } from "./Toasts";

/** How long what was removed can be taken back, in milliseconds: as long as the toast that offers it. */
const WAITS = 6000;

/** By when a list has heard that something of it is gone, in milliseconds. */
const TOLD_BY = 2000;

interface Waiting {
  readonly timer: ReturnType<typeof setTimeout>;
  readonly carryOut: (isLeaving: boolean) => void;
}

/**
 * Does what was put off. Where the window is closing, whatever is not asked for at once never is; a request that deletes
 * outlives the window.
 */
type CarryOut = (isLeaving: boolean) => Promise<unknown>;

// Outlives the page that it was begun on.
const waiting = new Map<string, Waiting>();
let removed: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();

function tell(change: (keys: Set<string>) => void): void {
  const next = new Set(removed);
  change(next);
  removed = next;
  listeners.forEach((listener) => listener());
}

// Who closes the window does not take it back.
window.addEventListener("pagehide", () => {
  for (const { timer, carryOut } of waiting.values()) {
    clearTimeout(timer);
    carryOut(true);
  }
});

/** The keys of what is removed already, as far as anybody looking can tell. */
export const useRemoved = (): ReadonlySet<string> =>
  useSyncExternalStore(
    (listener) => (listeners.add(listener), () => listeners.delete(listener)),
    () => removed,
  );

/** Removes something at once to look at, and really once nobody has taken it back, or the window closes. */
export function useRemove(): (key: string, text: string, carryOut: CarryOut, onUndo?: () => void) => void {
  const { say, fail } = useToasts();
  return useCallback(
    (key, text, carryOut, onUndo) => {
      const show = () => tell((keys) => keys.delete(key));
      const act = (isLeaving: boolean) => {
        waiting.delete(key);
        carryOut(isLeaving).then(
          // What shows it is told of the change meanwhile, and asks anew.
          () => setTimeout(show, TOLD_BY),
          (error: unknown) => {
            fail(error);
            show();
          },
        );
      };
      waiting.set(key, { timer: setTimeout(() => act(false), WAITS), carryOut: act });
      tell((keys) => keys.add(key));
      const undo = () => {
        const found = waiting.get(key);
        if (!found) return;
        clearTimeout(found.timer);
        waiting.delete(key);
        show();
        onUndo?.();
      };
      say(text, { label: "Undo", run: undo });
    },
    [say, fail],
  );
}
