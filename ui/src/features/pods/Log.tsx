import { useEffect, useRef, useState } from "react";
import { Refused, send } from "@/api/client";
import { path, PODS } from "@/api/kube";
import { Trouble } from "@/components/Empty";
import styles from "./Pods.module.css";

/** How much of it is kept to look at, in characters. */
const KEPT = 400_000;
/** How long to wait before a connection that broke is made again, in milliseconds. */
const AGAIN = 1000;
/** Colours of a terminal mean nothing here. */
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, "g");

interface Props {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Which try of it has begun, by its number; a container that begins again has a log of its own. None before the first. */
  readonly attempt: number | undefined;
}

/** What a container says, as it says it. */
export function Log({ namespace, pod, container, attempt }: Props) {
  const [text, setText] = useState("");
  const [error, setError] = useState<Error>();
  const frame = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(true);
  const address = path(PODS, namespace, pod, "log");
  useEffect(() => {
    const stop = new AbortController();
    if (attempt === undefined) return;
    const read = async (): Promise<void> => {
      const response = await send("GET", address, { query: { container, follow: true, tailLines: 2000 }, signal: stop.signal });
      setText("");
      setError(undefined);
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
        const more = part.value.replaceAll(ESCAPES, "");
        setText((shown) => (shown + more).slice(-KEPT));
      }
    };
    let retry: ReturnType<typeof setTimeout> | undefined;
    const follow = (): void =>
      void read().catch((failed: unknown) => {
        if (stop.signal.aborted) return;
        if (failed instanceof Refused) setError(failed);
        // The connection broke; what was said meanwhile is told again.
        else retry = setTimeout(follow, AGAIN);
      });
    follow();
    return () => {
      stop.abort();
      clearTimeout(retry);
    };
  }, [address, container, attempt]);
  useEffect(() => {
    if (isAtEnd.current && frame.current) frame.current.scrollTop = frame.current.scrollHeight;
  });
  if (error) return <Trouble error={error} />;
  return (
    <pre
      ref={frame}
      className={styles.log}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by keys
      tabIndex={0}
      role="log"
      aria-label="Log"
      aria-live="off"
      onScroll={({ currentTarget: at }) => (isAtEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < 24)}
    >
      {text || "It has said nothing yet."}
    </pre>
  );
}
