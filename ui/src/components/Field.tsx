import { type InputHTMLAttributes, type ReactNode, type RefAttributes, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from "react";
import { Prose } from "./Prose";
import styles from "./Field.module.css";

interface FieldProps {
  readonly label: string;
  /** Stands below; an error takes its place. */
  readonly help?: ReactNode;
  readonly error?: string | undefined;
  readonly children: (given: { readonly id: string; readonly "aria-describedby": string; readonly "aria-invalid": boolean }) => ReactNode;
}

/** A label, a control, and the line below it. */
export function Field({ label, help, error, children }: FieldProps) {
  const id = useId();
  const about = `${id}-about`;
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": about, "aria-invalid": error !== undefined })}
      <div id={about} className={error === undefined ? styles.help : styles.error}>
        {error !== undefined ? <Prose text={error} /> : typeof help === "string" ? <Prose text={help} /> : help}
      </div>
    </div>
  );
}

export const Input = (props: InputHTMLAttributes<HTMLInputElement> & RefAttributes<HTMLInputElement>) => <input {...props} className={`${styles.input} ${props.className ?? ""}`} />;

export const Textarea = (props: TextareaHTMLAttributes<HTMLTextAreaElement>) => (
  <textarea {...props} className={`${styles.input} ${styles.area} ${props.className ?? ""}`} />
);

export const Select = (props: SelectHTMLAttributes<HTMLSelectElement> & RefAttributes<HTMLSelectElement>) => <select {...props} className={`${styles.input} ${props.className ?? ""}`} />;

export function Checkbox({ label, ...props }: InputHTMLAttributes<HTMLInputElement> & { readonly label: ReactNode }) {
  return (
    <label className={styles.check}>
      <input type="checkbox" {...props} />
      <span>{label}</span>
    </label>
  );
}
