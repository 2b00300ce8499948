import { Copy } from "lucide-react";
import type { ModelMessage } from "@/api/types";
import { Button } from "@/components/Button";
import { useCopy } from "@/components/CopyAs";
import { Facts } from "@/components/Facts";
import { Prose } from "@/components/Prose";
import { Scrolls } from "@/components/Scrolls";
import { missingWords } from "@/domain/modelRequest";
import { prettyJson } from "@/domain/prettyJson";
import { bytes } from "@/domain/size";
import styles from "./Requests.module.css";

interface Props {
  readonly title: string;
  readonly message: ModelMessage;
  readonly size: number;
}

/** One direction of a request: how its body is to be read, and what it says. */
export function Message({ title, message, size }: Props) {
  const copy = useCopy();
  const missing = missingWords(message, size);
  const text = message.text === null || message.text === undefined ? (message.base64 ?? "") : prettyJson(message.text, "application/json");
  return (
    <section className={styles.message} aria-label={title}>
      <header className={styles.head}>
        <h3>{title}</h3>
        <span className={styles.quiet}>{bytes(size)}</span>
        <Button kind="quiet" aria-label={`Copy what was ${title.toLowerCase()}`} disabled={missing !== undefined} icon={<Copy size={14} aria-hidden />} onClick={() => copy({ label: title, text: message.text ?? text })} />
      </header>
      <Facts facts={message.headers.map(({ name, value }) => [name, <code key={name} className={styles.wraps}>{value}</code>])} />
      {missing ? (
        <p className={styles.quiet}>
          <Prose text={missing} />
        </p>
      ) : (
        <>
          {typeof message.base64 === "string" && <p className={styles.quiet}>It is no text; this is its base64.</p>}
          <Scrolls label={`The body that was ${title.toLowerCase()}`} className={styles.text}>
            {text || "There was no body."}
          </Scrolls>
        </>
      )}
    </section>
  );
}
