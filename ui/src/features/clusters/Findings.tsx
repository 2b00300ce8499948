import type { ClusterFinding } from "@/api/clusters";
import { CopyAs } from "@/components/CopyAs";
import { Prose } from "@/components/Prose";
import { Status } from "@/components/Status";
import { sentences, shownFinding } from "@/domain/cluster";
import styles from "./Clusters.module.css";

/** What was found, each with what to do about it. */
export const Findings = ({ findings }: { readonly findings: readonly ClusterFinding[] }) => (
  <ul className={styles.list}>
    {findings.map((finding) => (
      <li key={`${finding.code} ${finding.subject} ${finding.message}`}>
        <Status shown={shownFinding(finding)} />
        <span className={styles.about}>
          <Prose text={sentences(finding.message, finding.fix)} />
        </span>
        {finding.command && (
          <div>
            <CopyAs texts={[{ label: "command", text: finding.command }]} />
          </div>
        )}
      </li>
    ))}
  </ul>
);
