import { X } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { Input } from "./Field";
import styles from "./Filters.module.css";

/** How long typing has to rest before it counts. */
const RESTS = 200;

/** A line of controls above a table, which say what is left in it. */
export const Filters = ({ children }: { readonly children: ReactNode }) => (
  <div className={styles.filters} role="search">
    {children}
  </div>
);

/** A text to filter by, which counts once typing rests. */
export function FilterText({ label, value = "", placeholder = "Filter…", onChange }: { readonly label: string; readonly value?: string | undefined; readonly placeholder?: string; readonly onChange: (value: string | undefined) => void }) {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  // The address changed otherwise than by typing.
  if (value !== known) {
    setKnown(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => {
      setKnown(typed);
      onChange(typed || undefined);
    }, RESTS);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <Input
      type="search"
      className={styles.text ?? ""}
      aria-label={label}
      placeholder={placeholder}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !typed) return;
        event.preventDefault();
        setTyped("");
      }}
    />
  );
}

/** A filter that was set elsewhere and can be taken away. */
export function Chip({ label, children, onRemove }: { readonly label: string; readonly children: ReactNode; readonly onRemove: () => void }) {
  return (
    <span className={styles.chip}>
      {label}: <strong>{children}</strong>
      <button type="button" aria-label={`Take away the filter ${label}`} onClick={onRemove}>
        <X size={13} aria-hidden />
      </button>
    </span>
  );
}
