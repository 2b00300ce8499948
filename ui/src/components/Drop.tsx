import { type ReactNode, useEffect, useRef, useState } from "react";
import styles from "./Drop.module.css";

/** Takes a file that is dropped anywhere on the page, and says so while one is held over it. */
export function Drop({ onFile, children }: { readonly onFile: (file: File) => void; readonly children: ReactNode }) {
  const [isOver, setIsOver] = useState(false);
  const take = useRef(onFile);
  useEffect(() => {
    take.current = onFile;
  });
  useEffect(() => {
    let depth = 0;
    const isFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const move = (by: number) => (event: DragEvent) => {
      if (!isFile(event)) return;
      depth = Math.max(0, depth + by);
      setIsOver(depth > 0);
    };
    const over = (event: DragEvent) => isFile(event) && event.preventDefault();
    const drop = (event: DragEvent) => {
      if (!isFile(event)) return;
      event.preventDefault();
      depth = 0;
      setIsOver(false);
      const file = event.dataTransfer?.files[0];
      if (file) take.current(file);
    };
    const handlers = [["dragenter", move(1)], ["dragleave", move(-1)], ["dragover", over], ["drop", drop]] as const;
    handlers.forEach(([name, handler]) => window.addEventListener(name, handler));
    return () => handlers.forEach(([name, handler]) => window.removeEventListener(name, handler));
  }, []);
  return isOver ? <div className={styles.over}>{children}</div> : null;
}
