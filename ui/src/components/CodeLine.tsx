import { Copy } from "lucide-react";
import { Button } from "./Button";
import styles from "./CodeLine.module.css";
import { useCopy } from "./CopyAs";

/** A command to be copied. */
export function CodeLine({ text, label }: { readonly text: string; readonly label: string }) {
  const copy = useCopy();
  return (
    <div className={styles.line}>
      <code>{text}</code>
      <Button kind="quiet" aria-label={`Copy: ${label}`} icon={<Copy size={14} />} onClick={() => copy({ label: label, text })} />
    </div>
  );
}
