import type { FormEvent, ReactNode } from "react";
import { Button } from "@/components/Button";
import { Trouble } from "@/components/Empty";
import { type FileText, ObjectFile } from "./ObjectFile";
import styles from "./ObjectFile.module.css";

interface Props {
  readonly file: FileText;
  readonly namespace: string;
  /** The fields of the form. */
  readonly children: ReactNode;
  readonly error: Error | null;
  /** What the button says that begins it. */
  readonly begin: string;
  readonly isBlocked: boolean;
  readonly onBegin: () => void;
  readonly onCancel: () => void;
}

/** A form and, beside it, the file that it makes; either can be written in. */
export function ObjectForm({ file, namespace, children, error, begin, isBlocked, onBegin, onCancel }: Props) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onBegin();
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <div>
        <fieldset className={styles.fields} disabled={file.isMore}>
          {children}
        </fieldset>
        {error && <Trouble error={error} />}
        <div className={styles.actions}>
          <Button type="submit" kind="primary" disabled={isBlocked}>
            {begin}
          </Button>
          <Button onClick={onCancel}>Cancel</Button>
        </div>
      </div>
      <ObjectFile file={file} namespace={namespace} />
    </form>
  );
}
