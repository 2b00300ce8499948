import { X } from "lucide-react";
import { type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Button } from "./Button";
import styles from "./Panel.module.css";

const KEY = "coracle.panel-width";
const LEAST = 320;

/** A panel at the right that stays beside the page; Escape closes it, and its width is remembered. */
export function Panel({ title, onClose, children }: { readonly title: ReactNode; readonly onClose: () => void; readonly children: ReactNode }) {
  const [width, setWidth] = useState(() => Number(localStorage.getItem(KEY)) || 440);
  const panel = useRef<HTMLElement>(null);
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
        <div className={styles.title}>{title}</div>
        <Button kind="quiet" aria-label="Close" icon={<X size={16} />} onClick={onClose} />
      </header>
      <div className={styles.content}>{children}</div>
    </aside>
  );
}
