import { useEffect, useState } from "react";
import { send } from "@/api/client";
import { path, PODS } from "@/api/kube";
import { keepReading } from "@/api/reading";
import { Trouble } from "@/components/Empty";
import { FollowedText } from "@/components/FollowedText";
import styles from "./Pods.module.css";

/** How much of it is kept to look at, in characters. */
const KEPT = 400_000;
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
  const address = path(PODS, namespace, pod, "log");
  useEffect(() => {
    if (attempt === undefined) return;
    const read = async (signal: AbortSignal): Promise<void> => {
      const response = await send("GET", address, { query: { container, follow: true, tailLines: 2000 }, signal });
      setText("");
      setError(undefined);
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
        const more = part.value.replaceAll(ESCAPES, "");
        setText((shown) => (shown + more).slice(-KEPT));
      }
    };
    // What was said while a connection was broken is told again.
    return keepReading(read, setError);
  }, [address, container, attempt]);
  if (error) return <Trouble error={error} />;
  return <FollowedText className={styles.log} label="Log" text={text} />;
}
