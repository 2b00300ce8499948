import type { RemoteEvent } from "@/api/remoteRuns";
import { Prose } from "@/components/Prose";
import { newsWords } from "@/domain/remoteRun";
import { fullTime } from "@/domain/time";
import styles from "./ClusterRuns.module.css";

/** What was heard of a run, in its order. */
export function News({ events }: { readonly events: readonly RemoteEvent[] }) {
  if (events.length === 0) return <p className={styles.none}>Nothing yet.</p>;
  return (
    <ol className={styles.list} aria-label="What was heard">
      {events.map(({ number, at, news }) => {
        const [words, about] = newsWords(news);
        return (
          <li key={number}>
            <time className={styles.at} dateTime={at} title={fullTime(at)}>
              {new Date(at).toLocaleTimeString("en-GB")}
            </time>
            <span className={styles.line}>
              <Prose text={words} />
              {about && (
                <span className={styles.about}>
                  <Prose text={about} />
                </span>
              )}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
