// What is deleted is gone from the page at once, and from the workbench only when the way back has closed.

import { useCallback, useSyncExternalStore } from "react";
import { useToasts } from "./Toasts";

const WAITS = 6000;

let leaving: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();

function change(key: string, isLeaving: boolean): void {
  leaving = isLeaving ? new Set([...leaving, key]) : new Set([...leaving].filter((one) => one !== key));
  listeners.forEach((tell) => tell());
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** The keys of what is about to be deleted: lists leave it out. */
export const useLeaving = (): ReadonlySet<string> => useSyncExternalStore(subscribe, () => leaving);

/** Deletes after a while, during which it can be undone. `done` is called once the workbench has done it. */
export function useDelete(): (key: string, text: string, remove: () => Promise<unknown>) => void {
  const { say, fail } = useToasts();
  return useCallback(
    (key, text, remove) => {
      change(key, true);
      const timer = setTimeout(() => {
        remove()
          .catch(fail)
          // The list is asked anew in the meantime.
          .finally(() => setTimeout(() => change(key, false), 2000));
      }, WAITS);
      say(text, {
        label: "Undo",
        run: () => {
          clearTimeout(timer);
          change(key, false);
        },
      });
    },
    [say, fail],
  );
}
