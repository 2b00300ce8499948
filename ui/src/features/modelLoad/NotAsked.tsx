import { Link } from "@tanstack/react-router";
import type { ModelServer } from "@/api/types";
import styles from "./Load.module.css";

export const NotAsked = ({ server: { namespace, name } }: { readonly server: ModelServer }) => (
  <div className={styles.none}>
    <strong>Nobody asked it in the last ten minutes</strong>
    <span>How often it is asked and how quickly it answers is drawn here as it happens, by revision.</span>
    <Link to="/models/$namespace/$name" params={{ namespace, name }} search={{ tab: "playground" }}>
      Ask it in the playground
    </Link>
  </div>
);
