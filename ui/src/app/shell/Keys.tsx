import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { Dialog } from "@/components/Dialog";
import styles from "./Keys.module.css";
import { PAGES } from "./pages";

/** How long a `g` waits for the key after it, in milliseconds. */
const WAITS = 1200;

/** No `g` was pressed. */
const NEVER = Number.NEGATIVE_INFINITY;

/** Keys that work on every page, and what they do. */
const KEYS: readonly (readonly [string, string])[] = [
  ["Ctrl K", "Search or jump to anything"],
  ["?", "These keys"],
  ["↑ ↓", "Move in a table"],
  ["Enter", "Open a row"],
  ["Space", "Select a row"],
  ["Esc", "Close the panel"],
  ["Ctrl Z", "Take back what was just deleted"],
  ["Arrows", "Go from task to task in a graph"],
  ...PAGES.map((page) => [`g ${page.key}`, page.title] as const),
];

/** Keys that work on every page, and `?` that shows them. */
export function Keys() {
  const navigate = useNavigate();
  const [isShown, setIsShown] = useState(false);
  const pressed = useRef(NEVER);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (target.closest("input, textarea, select, [contenteditable]") || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "?") setIsShown(true);
      else if (event.key === "g") pressed.current = event.timeStamp;
      else if (event.timeStamp - pressed.current < WAITS) {
        pressed.current = NEVER;
        const page = PAGES.find(({ key }) => key === event.key);
        if (page) void navigate({ to: page.to });
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate]);
  return (
    <Dialog open={isShown} onClose={() => setIsShown(false)} title="Keys">
      <KeyList />
    </Dialog>
  );
}

export const KeyList = () => (
  <dl className={styles.keys}>
    {KEYS.map(([key, title]) => (
      <div key={key}>
        <dt>
          <kbd>{key}</kbd>
        </dt>
        <dd>{title}</dd>
      </div>
    ))}
  </dl>
);
