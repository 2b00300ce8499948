import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Screen } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef, useState } from "react";
import { openTerminal } from "@/api/exec";
import { Button } from "@/components/Button";
import styles from "./Notebooks.module.css";

const SHELL = ["sh", "-c", "[ -x /bin/bash ] && exec /bin/bash || exec sh"];

interface Props {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** A shell in the container, and another one when that has ended. */
export default function Terminal(props: Props) {
  const [shell, setShell] = useState(1);
  return <Shell key={shell} {...props} onAgain={() => setShell(shell + 1)} />;
}

function Shell({ namespace, pod, container, onAgain }: Props & { readonly onAgain: () => void }) {
  const frame = useRef<HTMLDivElement>(null);
  const [hasEnded, setHasEnded] = useState(false);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const style = getComputedStyle(document.documentElement);
    const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const screen = new Screen({
      fontFamily: token("mono"),
      fontSize: Number.parseInt(token("size-table"), 10),
      cursorBlink: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
      screenReaderMode: true,
      theme: { background: token("canvas"), foreground: token("text"), cursor: token("accent"), cursorAccent: token("canvas"), selectionBackground: token("line-strong") },
    });
    const fit = new FitAddon();
    screen.loadAddon(fit);
    screen.open(element);
    const session = openTerminal(namespace, pod, container, SHELL, {
      onOutput: (bytes) => screen.write(bytes),
      onEnd: (reason) => {
        screen.write(`\r\n[${reason ?? "the shell has ended"}]\r\n`);
        setHasEnded(true);
      },
    });
    screen.onData(session.send);
    screen.onResize(({ cols, rows }) => session.resize(cols, rows));
    const fitting = new ResizeObserver(() => fit.fit());
    fitting.observe(element);
    fit.fit();
    session.resize(screen.cols, screen.rows);
    screen.focus();
    return () => {
      fitting.disconnect();
      session.close();
      screen.dispose();
    };
  }, [namespace, pod, container]);
  return (
    <div className={styles.fills}>
      {hasEnded && (
        <Button onClick={onAgain}>Open a shell again</Button>
      )}
      {/* Escape is for what runs in the shell. */}
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- it only keeps keys from those around it */}
      <div ref={frame} className={styles.terminal} onKeyDown={(event) => event.stopPropagation()} />
    </div>
  );
}
