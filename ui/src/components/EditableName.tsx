import { Pencil } from "lucide-react";
import { useState } from "react";
import { Button } from "./Button";
import styles from "./EditableName.module.css";
import { Input } from "./Field";

/** A name that is changed where it stands: Enter keeps it, Escape does not. */
export function EditableName({ name, label, onRename }: { readonly name: string; readonly label: string; readonly onRename: (name: string) => void }) {
  const [text, setText] = useState<string>();
  if (text === undefined) {
    return (
      <span className={styles.row} title={name}>
        <span className={styles.name}>{name}</span>
        <Button kind="quiet" aria-label={label} title={label} icon={<Pencil size={14} aria-hidden />} onClick={() => setText(name)} />
      </span>
    );
  }
  const keep = () => {
    setText(undefined);
    if (text.trim() && text.trim() !== name) onRename(text.trim());
  };
  return (
    <Input
      className={styles.input ?? ""}
      aria-label={label}
      value={text}
      maxLength={127}
      ref={focus}
      onChange={(event) => setText(event.target.value)}
      onBlur={keep}
      onKeyDown={(event) => {
        if (event.key === "Enter") keep();
        if (event.key === "Escape") {
          event.preventDefault();
          setText(undefined);
        }
      }}
    />
  );
}

const focus = (input: HTMLInputElement | null) => input?.select();
