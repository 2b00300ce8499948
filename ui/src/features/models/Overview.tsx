import type { ModelServer } from "@/api/types";
import { Facts } from "@/components/Facts";
import { Ago } from "@/components/Time";
import { servedBy } from "@/domain/modelServer";
import { LiveLoad } from "../modelLoad/LiveLoad";
import styles from "./Models.module.css";
import { Parts } from "./Parts";
import { Traffic } from "./Traffic";
import { Why } from "./Why";

/** What a server is made of, and how it is. */
export function Overview({ server }: { readonly server: ModelServer }) {
  const isWrong = server.state === "failing" || server.state === "degraded";
  return (
    <div className={styles.overview}>
      <div className={styles.main}>
        {isWrong && <Why server={server} />}
        {typeof server.canary_percent === "number" && <Traffic server={server} given={server.canary_percent} />}
        <LiveLoad server={server} />
        <Parts server={server} />
      </div>
      <aside className={styles.about} aria-label="About the model server">
        <Facts
          facts={[
            ["Address", <code key="address" className={styles.wraps}>{server.path}</code>],
            ["For pods", server.cluster_url && <code key="pods" className={styles.wraps}>{server.cluster_url}</code>],
            ["Format", server.format ?? "a server of its own"],
            [server.runtime ? "Runtime" : "Image", <span key="by" className={styles.wraps}>{servedBy(server)}</span>],
            ["Model", server.storage && <code key="model" className={styles.wraps}>{server.storage}</code>],
            ["Namespace", server.namespace],
            ["Made", <Ago key="made" at={server.created_at} />],
          ]}
        />
      </aside>
    </div>
  );
}
