import { Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/Button";
import { useCopy } from "@/components/CopyAs";
import { Tabs } from "@/components/Tabs";
import { curlCall, type ModelCall, pythonCall, rustCall } from "@/domain/modelCall";
import styles from "./Playground.module.css";

const WAYS = [
  { key: "curl", title: "curl", write: curlCall },
  { key: "python", title: "Python", write: pythonCall },
  { key: "rust", title: "Rust", write: rustCall },
] as const;

/** The call as it is written elsewhere. */
export function CallCode(call: ModelCall) {
  const [shown, setShown] = useState<string>("curl");
  return (
    <section className={styles.code} aria-label="The same call">
      <Tabs label="The same call" value={shown} onChange={setShown} tabs={WAYS.map(({ key, title, write }) => ({ key, title, content: <Written title={title} text={call.body === undefined ? undefined : write(call)} /> }))} />
    </section>
  );
}

function Written({ title, text }: { readonly title: string; readonly text: string | undefined }) {
  const copy = useCopy();
  return (
    <div className={styles.written}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by keys */}
      <pre className={styles.text} tabIndex={0} role="region" aria-label={`The call as ${title}`}>
        {text ?? "What is written so far cannot be sent."}
      </pre>
      <Button kind="quiet" className={styles.copy ?? ""} aria-label={`Copy as ${title}`} disabled={text === undefined} icon={<Copy size={14} aria-hidden />} onClick={() => copy({ label: title, text: text ?? "" })} />
    </div>
  );
}
