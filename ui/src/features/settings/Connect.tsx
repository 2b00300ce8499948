import { CodeLine } from "@/components/CodeLine";
import { Card, Section } from "@/components/Page";
import styles from "./Settings.module.css";

/** How `kfp` and `kubectl` find this workbench. */
export function Connect() {
  const host = location.origin;
  return (
    <Section title="Connect">
      <Card className={styles.commands ?? ""}>
        <h3>kfp, in Python</h3>
        <CodeLine label="Python" text={`import kfp\n\nclient = kfp.Client(host="${host}")`} />
        <h3>kfp, in a terminal</h3>
        <CodeLine label="kfp" text={`kfp --endpoint ${host} run list`} />
        <h3>kubectl</h3>
        <CodeLine label="kubectl" text={"export KUBECONFIG=$(coracle kubeconfig)\nkubectl get notebooks,pods,jobs"} />
        <h3>coracle</h3>
        <CodeLine label="coracle" text="coracle run pipeline.yaml" />
      </Card>
    </Section>
  );
}
