import { Pencil } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "./Button";
import styles from "./EditableName.module.css";
import { Input } from "./Field";

/** A name that is changed where it stands: Enter keeps it, Escape does not. */
export function EditableName({ name, label, onRename }: { readonly name: string; readonly label: string; readonly onRename: (name: string) => void }) {
  const [text, setText] = useState<string>();
  const button = useRef<HTMLButtonElement>(null);
  /** Keys that end it leave the focus where it was begun. */
  const end = () => {
    setText(undefined);
    requestAnimationFrame(() => button.current?.focus());
  };
  if (text === undefined) {
    return (
      <span className={styles.row} title={name}>
        <span className={styles.name}>{name}</span>
        <Button ref={button} kind="quiet" aria-label={label} title={label} icon={<Pencil size={14} aria-hidden />} onClick={() => setText(name)} />
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
        if (event.key === "Enter") {
          keep();
          end();
        }
        if (event.key === "Escape") {
          event.preventDefault();
          end();
        }
      }}
    />
  );
}

const focus = (input: HTMLInputElement | null) => input?.select();
