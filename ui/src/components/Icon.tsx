import { AlertTriangle, Check, CircleSlash, Clock, Loader, Moon, Square, X, Zap } from "lucide-react";
import type { Shown } from "@/domain/state";
import styles from "./Icon.module.css";

const ICONS = { check: Check, cross: X, turn: Loader, clock: Clock, stop: Square, skip: CircleSlash, cached: Zap, warning: AlertTriangle, moon: Moon };

/** The icon of a state, in its tone. A word stands beside it, or `label` says it. */
export function StateIcon({ shown, size = 14, label }: { readonly shown: Shown; readonly size?: number; readonly label?: boolean }) {
  const Drawn = ICONS[shown.icon];
  return (
    <span className={`${styles.icon} ${shown.icon === "turn" ? styles.turns : ""}`} style={{ color: `var(--${shown.tone})` }}>
      <Drawn size={size} strokeWidth={2.25} aria-hidden={!label} {...(label && { role: "img", "aria-label": shown.word })} />
    </span>
  );
}
