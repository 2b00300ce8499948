import { Link } from "@tanstack/react-router";
import type { ArtifactDetail } from "@/api/types";
import { Facts } from "@/components/Facts";
import { Ago } from "@/components/Time";
import { bytes } from "@/domain/size";
import { valueText } from "@/domain/values";
import styles from "./About.module.css";

/** What is known of an artifact beside what is in it. */
export function About({ detail }: { readonly detail: ArtifactDetail }) {
  const { artifact, producers, path, size_bytes } = detail;
  const maker = producers[0];
  const metadata = Object.entries(artifact.metadata).filter(([name]) => name !== "confusionMatrix" && name !== "confidenceMetrics" && name !== "evaluationSlices");
  return (
    <aside className={styles.about} aria-label="About the artifact">
      <Facts
        facts={[
          ["Type", artifact.schema_title || "a schema of its own"],
          ["Made", <Ago key="made" at={detail.created_at} />],
          ["Step", maker && <StepLink key="step" run={maker.run_id} task={maker.task} />],
          ["Output", maker?.key],
          ["Size", typeof size_bytes === "number" ? bytes(size_bytes) : detail.discarded_at ? <Deleted key="size" at={detail.discarded_at} /> : "nothing was written"],
          ["URI", <code key="uri" className={styles.long}>{artifact.uri}</code>],
          ["Path", path && typeof size_bytes === "number" && <code key="path" className={styles.long}>{path}</code>],
        ]}
      />
      <h3>Metadata</h3>
      {metadata.length === 0 ? <p className={styles.none}>Its step said nothing of it.</p> : <Facts facts={metadata.map(([name, value]) => [name, <span key={name} className={styles.long}>{valueText(value)}</span>])} />}
    </aside>
  );
}

const Deleted = ({ at }: { readonly at: string }) => (
  <>
    deleted <Ago at={at} />
  </>
);

/** A step of a run, with a link to it. */
export const StepLink = ({ run, task }: { readonly run: string; readonly task: string }) => (
  <Link to="/runs/$id" params={{ id: run }} search={{ task }} className={styles.long}>
    {task}
  </Link>
);
