import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { Button } from "./Button";
import styles from "./Toasts.module.css";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "plain" | "fail";
  readonly action?: { readonly label: string; readonly run: () => void };
}

interface Say {
  readonly say: (text: string, action?: Toast["action"]) => void;
  readonly fail: (error: unknown) => void;
}

const Context = createContext<Say>({ say: () => undefined, fail: () => undefined });

const LASTS = 6000;

/** What was done, for a moment, with a way back where there is one. */
export function Toasts({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const drop = useCallback((id: number) => setToasts((shown) => shown.filter((toast) => toast.id !== id)), []);
  const add = useCallback(
    (toast: Omit<Toast, "id">) => {
      const id = Date.now() + Math.random();
      setToasts((shown) => [...shown.slice(-2), { ...toast, id }]);
      setTimeout(() => drop(id), LASTS);
    },
    [drop],
  );
  const say = useMemo<Say>(
    () => ({
      say: (text, action) => add({ text, tone: "plain", ...(action && { action }) }),
      fail: (error) => add({ text: error instanceof Error ? error.message : String(error), tone: "fail" }),
    }),
    [add],
  );
  const act = useCallback(
    (toast: Toast) => {
      toast.action?.run();
      drop(toast.id);
    },
    [drop],
  );
  const newest = toasts.findLast((toast) => toast.action);
  useEffect(() => {
    if (!newest) return;
    const onKey = (event: KeyboardEvent) => {
      const isUndo = event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
      // Where one types it takes back what was typed.
      if (!isUndo || (event.target as HTMLElement).closest("input, textarea, select, [contenteditable]")) return;
      event.preventDefault();
      act(newest);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [newest, act]);
  return (
    <Context.Provider value={say}>
      {children}
      <div className={styles.toasts} role="status" aria-live="polite">
        {toasts.map((toast) => (
          <div key={toast.id} className={`${styles.toast} ${toast.tone === "fail" ? styles.fail : ""}`}>
            <span>{toast.text}</span>
            {toast.action && (
              <Button kind="quiet" aria-keyshortcuts="Control+Z" onClick={() => act(toast)}>
                {toast.action.label}
                {toast === newest && <kbd className={styles.key} aria-hidden>Ctrl Z</kbd>}
              </Button>
            )}
          </div>
        ))}
      </div>
    </Context.Provider>
  );
}

export const useToasts = (): Say => useContext(Context);
