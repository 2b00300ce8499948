import { X } from "lucide-react";
import { type PointerEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Button } from "./Button";
import { isLedByKeys, wayBack } from "./focus";
import styles from "./Panel.module.css";

const KEY = "coracle.panel-width";
const LEAST = 320;

interface Props {
  readonly title: ReactNode;
  /** What it is about: with another one it is as if it had been opened again. */
  readonly about?: string | undefined;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/**
 * A panel at the right that stays beside the page; Escape closes it, and its width is remembered. Who opened it by keys goes
 * on in it, and is back where it was opened when it closes.
 */
export function Panel({ title, about = "", onClose, children }: Props) {
  const [width, setWidth] = useState(() => Number(localStorage.getItem(KEY)) || 440);
  const panel = useRef<HTMLElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const back = useRef<() => void>(undefined);
  const entered = useRef<string>(undefined);
  useLayoutEffect(() => {
    if (entered.current === about) return;
    entered.current = about;
    const from = document.activeElement;
    if (panel.current?.contains(from)) return;
    // What was pressed in it has gone.
    const isLost = from === document.body && back.current !== undefined;
    if (!isLost) back.current = wayBack(from);
    if (isLost || isLedByKeys()) head.current?.focus();
  }, [about]);
  useLayoutEffect(() => {
    const shown = panel.current;
    return () => {
      if (!shown?.contains(document.activeElement)) return;
      // It is still there in this moment, with the focus.
      const way = back.current;
      queueMicrotask(() => document.activeElement === document.body && way?.());
    };
  }, []);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) onClose();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [onClose]);

  const resize = (wanted: number) => {
    const fitting = Math.round(Math.min(Math.max(wanted, LEAST), window.innerWidth * 0.7));
    setWidth(fitting);
    localStorage.setItem(KEY, String(fitting));
  };
  const drag = (event: PointerEvent<HTMLElement>) => {
    if (event.buttons !== 1 || !panel.current) return;
    resize(panel.current.getBoundingClientRect().right - event.clientX);
  };
  return (
    <aside ref={panel} className={styles.panel} style={{ width }} aria-label="Details">
      <div
        className={styles.edge}
        role="separator"
        aria-orientation="vertical"
        aria-label="Width of the panel"
        aria-valuenow={width}
        tabIndex={0}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
        onKeyDown={(event) => {
          if (event.key === "ArrowLeft") resize(width + 24);
          if (event.key === "ArrowRight") resize(width - 24);
        }}
      />
      <header className={styles.head}>
        <div ref={head} className={styles.title} tabIndex={-1}>
          {title}
        </div>
        <Button kind="quiet" aria-label="Close" icon={<X size={16} />} onClick={onClose} />
      </header>
      <div className={styles.content}>{children}</div>
    </aside>
  );
}
