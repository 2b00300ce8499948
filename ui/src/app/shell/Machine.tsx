import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Connection } from "@/api/live";
import { health } from "@/api/queries";
import styles from "./Machine.module.css";

const WORDS: Record<Connection, string> = { connecting: "connecting", live: "live", lost: "offline" };

/** The strip at the top right: the engine, and whether what is shown is live. */
export function Machine({ connection }: { readonly connection: Connection }) {
  const { data } = useQuery(health());
  const engine = data ? (data.engine ?? "no engine") : "";
  return (
    <Link to="/settings" className={styles.strip} title={data?.engine_summary}>
      <span className={data && !data.engine ? styles.missing : styles.engine}>{engine}</span>
      <span className={`${styles.dot} ${styles[connection]}`} aria-hidden />
      <span className={styles.word}>{WORDS[connection]}</span>
    </Link>
  );
}
