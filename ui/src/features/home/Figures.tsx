import { Link } from "@tanstack/react-router";
import styles from "./Home.module.css";

export interface FigureProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly to: string;
  readonly tone?: "run" | "fail" | "warn" | undefined;
}

/** The answers to what brought one here, as numbers. */
export function Figures({ figures }: { readonly figures: readonly FigureProps[] }) {
  return (
    <ul className={styles.figures}>
      {figures.map(({ label, value, to, tone }) => (
        <li key={label}>
          <Link to={to} className={styles.figure}>
            <strong style={tone ? { color: `var(--${tone})` } : undefined}>{value ?? "–"}</strong>
            <span>{label}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
