import type { ButtonHTMLAttributes, ReactNode, RefAttributes } from "react";
import styles from "./Button.module.css";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement>, RefAttributes<HTMLButtonElement> {
  readonly kind?: "primary" | "plain" | "quiet" | "danger";
  readonly icon?: ReactNode;
}

/** A button. Its word is a verb and its object: "Start notebook". */
export function Button({ kind = "plain", icon, children, className = "", type = "button", ...rest }: Props) {
  return (
    <button type={type} className={`${styles.button} ${styles[kind]} ${children ? "" : styles.bare} ${className}`} {...rest}>
      {icon}
      {children}
    </button>
  );
}
