import type { PreflightReport } from "@/api/clusters";
import { Card, Section } from "@/components/Page";
import { clusterWords, preflightWords } from "@/domain/cluster";
import styles from "./Clusters.module.css";
import { Findings } from "./Findings";

/** Whether the cluster can take what is to be sent: the worst first, each with what to do about it. */
export const Preflighted = ({ report }: { readonly report: PreflightReport }) => (
  <Section title="Whether the cluster can take it">
    <Card className={styles.card ?? ""}>
      <p>
        <strong>{preflightWords(report)}</strong> <span className={styles.quiet}>{clusterWords(report)}</span>
      </p>
      <Findings findings={report.findings} />
    </Card>
  </Section>
);
