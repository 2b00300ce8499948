import type { Deployed } from "@/api/clusters";
import { Card, Section } from "@/components/Page";
import { Prose } from "@/components/Prose";
import { Status } from "@/components/Status";
import { objectName, shownDone } from "@/domain/deployment";
import styles from "./Clusters.module.css";

/** What came of each object. */
export const Outcomes = ({ deployed }: { readonly deployed: Deployed }) => (
  <Section title="What came of it">
    <Card className={styles.card ?? ""}>
      <ul className={styles.list} aria-label="What came of it">
        {deployed.outcomes.map(({ object, done }) => {
          const [shown, reason] = shownDone(done);
          return (
            <li key={objectName(object)}>
              <strong>{objectName(object)}</strong>
              <Status shown={shown} />
              {reason && (
                <span className={styles.about}>
                  <Prose text={reason} />
                </span>
              )}
            </li>
          );
        })}
      </ul>
      {deployed.record_problem && (
        <p className={styles.about}>
          <Prose text={`The record of what was sent is not up to date: ${deployed.record_problem}. Send it again.`} />
        </p>
      )}
    </Card>
  </Section>
);
