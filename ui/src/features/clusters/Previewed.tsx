import type { PreviewedDeployment } from "@/api/clusters";
import { Card, Section } from "@/components/Page";
import { Prose } from "@/components/Prose";
import { Scrolls } from "@/components/Scrolls";
import { Status } from "@/components/Status";
import { sentences } from "@/domain/cluster";
import { changedFields, objectName, PARITY, parityWords, shownWould } from "@/domain/deployment";
import styles from "./Clusters.module.css";

/** What sending would do: what becomes of each field, and what the server would make of each object. */
export const Previewed = ({ previewed: { report, preview } }: { readonly previewed: PreviewedDeployment }) => (
  <>
    <Section title="What would change there">
      <Card className={styles.card ?? ""}>
        <ul className={styles.list}>
          {preview.objects.map(({ object, would, difference, warnings }) => {
            const [shown, reason] = shownWould(would);
            return (
              <li key={objectName(object)}>
                <strong>{objectName(object)}</strong>
                <Status shown={shown} />
                {reason && (
                  <span className={styles.about}>
                    <Prose text={reason} />
                  </span>
                )}
                {warnings.map((warning) => (
                  <span key={warning} className={styles.about}>
                    <Prose text={`The cluster warns: ${warning}`} />
                  </span>
                ))}
                {difference.text && (
                  <Scrolls label={`Difference of ${objectName(object)}`} className={styles.difference}>
                    <pre>{difference.text}</pre>
                  </Scrolls>
                )}
              </li>
            );
          })}
        </ul>
      </Card>
    </Section>
    <Section title="What becomes of its fields">
      <Card className={styles.card ?? ""}>
        <p>{parityWords(report.summary)}</p>
        <details className={styles.folded} open={report.summary["not-portable"] > 0}>
          <summary>Those that do not go as they are, and why</summary>
          <ul className={styles.list}>
            {changedFields(report).map(({ object, field, verdict, reason }) => (
              <li key={`${objectName(object)} ${field}`}>
                <code>{field}</code>
                <Status shown={PARITY[verdict]} />
                <span className={styles.about}>
                  <Prose text={sentences(reason)} />
                </span>
              </li>
            ))}
          </ul>
        </details>
      </Card>
    </Section>
  </>
);
