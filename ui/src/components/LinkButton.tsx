import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import styles from "./Button.module.css";
import link from "./LinkButton.module.css";

interface Props {
  readonly to: string;
  readonly kind?: "primary" | "plain" | "quiet";
  readonly icon?: ReactNode;
  readonly children: ReactNode;
}

/** A link that leads to where the next thing is done, and looks like it. */
export function LinkButton({ to, kind = "plain", icon, children }: Props) {
  return (
    <Link to={to} className={`${styles.button} ${styles[kind]} ${link.link}`}>
      {icon}
      {children}
    </Link>
  );
}
