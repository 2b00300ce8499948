import { stringify } from "yaml";
import type { KubeObject } from "@/api/kube";
import { CopyAs } from "@/components/CopyAs";
import { bare, kubectl } from "@/domain/copied";
import styles from "./Notebooks.module.css";

/** An object as a file, and as what can be said elsewhere. */
export default function Definition({ object }: { readonly object: KubeObject }) {
  const text = stringify(bare(object));
  const { namespace = "default", name } = object.metadata;
  return (
    <div className={styles.fills}>
      <CopyAs
        texts={[
          { label: "YAML", text },
          { label: "kubectl apply", text: `${kubectl("apply -f -", namespace)} <<'END'\n${text}END` },
          { label: "kubectl get", text: kubectl(`get ${object.kind?.toLowerCase() ?? "notebook"} ${name} -o yaml`, namespace) },
        ]}
      />
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by keys */}
      <pre className={styles.yaml} tabIndex={0} role="region" aria-label="YAML">
        {text}
      </pre>
    </div>
  );
}
