import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { lowerDefinition } from "@/api/pipelines";
import { Button } from "@/components/Button";
import { download } from "@/components/download";
import { Trouble } from "@/components/Empty";
import { Field, Input } from "@/components/Field";
import { Prose } from "@/components/Prose";
import { Status } from "@/components/Status";
import { sentences } from "@/domain/cluster";
import { LOWERED } from "@/domain/deployment";
import { lowerRequest, type RemoteWish } from "@/domain/remoteWish";
import form from "@/features/newRun/Form.module.css";
import styles from "./Clusters.module.css";

interface Props {
  readonly wish: RemoteWish;
  /** Whether the parameters can be read. */
  readonly isReady: boolean;
}

/** The pipeline as a file for a cluster that has Argo Workflows only, and what of it does not go over as it is. */
export function ArgoWorkflow({ wish, isReady }: Props) {
  const [needs, setNeeds] = useState({ stepImage: "", claim: "", size: "10Gi" });
  const lower = useMutation({
    mutationFn: () => lowerDefinition(lowerRequest(wish, needs)),
    onSuccess: ({ workflow }) => workflow && download(`${wish.pipeline}-workflow.json`, `${JSON.stringify(workflow, null, 2)}\n`, "application/json"),
  });
  const set = (part: Partial<typeof needs>) => {
    setNeeds({ ...needs, ...part });
    lower.reset();
  };
  const isFull = needs.stepImage.trim() !== "" && (needs.claim.trim() !== "" || needs.size.trim() !== "");
  return (
    <details className={form.more}>
      <summary>For a cluster with Argo Workflows only</summary>
      <div className={styles.fields}>
        <Field label="Image with coracle-step" help="From where the cluster's nodes pull it">
          {(given) => <Input {...given} value={needs.stepImage} placeholder="registry.example/coracle-step:1" onChange={(event) => set({ stepImage: event.target.value })} />}
        </Field>
        <div className={form.pair}>
          <Field label="Claim" help="Each run makes one of its own where it is left empty">
            {(given) => <Input {...given} value={needs.claim} onChange={(event) => set({ claim: event.target.value })} />}
          </Field>
          <Field label="Size of a run's own claim">
            {(given) => <Input {...given} value={needs.size} disabled={needs.claim.trim() !== ""} onChange={(event) => set({ size: event.target.value })} />}
          </Field>
        </div>
        <Button type="button" icon={<Download size={14} aria-hidden />} disabled={!isReady || !isFull || lower.isPending} onClick={() => lower.mutate()}>
          Download the workflow
        </Button>
        {lower.error && <Trouble error={lower.error} />}
        {lower.data && (
          <>
            <p>
              <Prose text={lower.data.workflow ? "`kubectl create -f` takes the file." : "Something of it is not portable, and there is no workflow."} />
            </p>
            <ul className={styles.list} aria-label="What does not go over as it is">
              {lower.data.findings.map(({ place, parity, reason }) => (
                <li key={`${place} ${reason}`}>
                  <code>{place}</code>
                  <Status shown={LOWERED[parity]} />
                  <span className={styles.about}>
                    <Prose text={sentences(reason)} />
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </details>
  );
}
