import { useMemo } from "react";
import type { ModelServer } from "@/api/types";
import { Card, Section } from "@/components/Page";
import { useNow } from "@/components/Time";
import { lately, loadWords } from "@/domain/modelLoad";
import { ByMinute } from "./ByMinute";
import styles from "./Load.module.css";
import { LoadCharts } from "./LoadCharts";
import { NotAsked } from "./NotAsked";
import { Now } from "./Now";
import { useLoad } from "./useLoad";

/** How often a server is asked and how quickly it answers, while it does. */
export function LiveLoad({ server }: { readonly server: ModelServer }) {
  const { load, isLost } = useLoad(server);
  const now = useNow(true) / 1000;
  const seconds = useMemo(() => (load ? lately(load, now) : []), [load, now]);
  return (
    <Section
      title="Load"
      actions={
        <span className={styles.atWork}>
          {isLost && "not live: asking again… "}
          {load && (load.atWork === 1 ? "1 at work now" : `${load.atWork} at work now`)}
        </span>
      }
    >
      <Card className={styles.load ?? ""}>
        {!load ? (
          <div className={styles.none} role="status" aria-busy={!isLost} aria-label={isLost ? "Not told yet" : "Loading"} />
        ) : seconds.length === 0 ? (
          <NotAsked server={server} />
        ) : (
          <>
            <p className={styles.words}>{loadWords(load, now)}</p>
            <LoadCharts seconds={seconds} now={now} />
            <Now seconds={seconds} now={now} />
            <ByMinute seconds={seconds} />
          </>
        )}
      </Card>
    </Section>
  );
}
