import { Search } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./Bar.module.css";

/** A line of controls over a table. */
export const Bar = ({ children }: { readonly children: ReactNode }) => <div className={styles.bar}>{children}</div>;

/** Narrows what is shown while it is typed. */
export const SearchBox = ({ label, value, onChange }: { readonly label: string; readonly value: string; readonly onChange: (text: string) => void }) => (
  <span className={styles.search}>
    <Search size={14} aria-hidden />
    <input type="search" aria-label={label} placeholder={label} value={value} onChange={(event) => onChange(event.target.value)} />
  </span>
);

/** A table under its bar, in the height that is left. */
export const Under = ({ bar, children }: { readonly bar?: ReactNode; readonly children: ReactNode }) => (
  <div className={styles.under}>
    {bar}
    <div className={styles.rest}>{children}</div>
  </div>
);
