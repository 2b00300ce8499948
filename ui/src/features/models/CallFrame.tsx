import { useMutation } from "@tanstack/react-query";
import { Play, Square } from "lucide-react";
import { type FormEvent, type ReactNode, useEffect, useRef } from "react";
import { askModel } from "@/api/serving";
import type { ModelServer } from "@/api/types";
import { Button } from "@/components/Button";
import { Answer } from "./Answer";
import { CallCode } from "./CallCode";
import styles from "./Playground.module.css";

interface Props {
  readonly server: ModelServer;
  readonly path: string;
  /** Nothing while what is written cannot be sent. */
  readonly body: unknown;
  readonly children: ReactNode;
}

/** What a model is asked, what it answered, and the same call elsewhere. */
export function CallFrame({ server, path, body, children }: Props) {
  const stop = useRef<AbortController>(undefined);
  const call = useMutation({
    mutationFn: () => {
      stop.current = new AbortController();
      return askModel(server.path, { method: "POST", path, body: JSON.stringify(body) }, stop.current.signal);
    },
  });
  useEffect(() => () => stop.current?.abort(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (body !== undefined && !call.isPending) call.mutate();
  };
  const isStopped = call.error?.name === "AbortError";
  return (
    <div className={styles.call}>
      <form className={styles.question} onSubmit={submit} noValidate>
        {children}
        <div className={styles.send}>
          <Button type="submit" kind="primary" disabled={body === undefined || call.isPending} icon={<Play size={13} aria-hidden />}>
            Send
          </Button>
          {call.isPending && (
            <Button icon={<Square size={13} aria-hidden />} onClick={() => stop.current?.abort()}>
              Stop waiting
            </Button>
          )}
        </div>
      </form>
      <Answer answer={call.data} isPending={call.isPending} error={isStopped ? null : call.error} />
      <CallCode url={location.origin + server.path + path} body={body} />
    </div>
  );
}
