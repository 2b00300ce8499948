import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
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
  return (
    <Context.Provider value={say}>
      {children}
      <div className={styles.toasts} role="status" aria-live="polite">
        {toasts.map((toast) => (
          <div key={toast.id} className={`${styles.toast} ${toast.tone === "fail" ? styles.fail : ""}`}>
            <span>{toast.text}</span>
            {toast.action && (
              <Button
                kind="quiet"
                onClick={() => {
                  toast.action?.run();
                  drop(toast.id);
                }}
              >
                {toast.action.label}
              </Button>
            )}
          </div>
        ))}
      </div>
    </Context.Provider>
  );
}

export const useToasts = (): Say => useContext(Context);
