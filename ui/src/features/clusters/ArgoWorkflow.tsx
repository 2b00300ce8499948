import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { lowerDefinition } from "@/api/pipelines";
import { Button } from "@/components/Button";
import { download } from "@/components/download";
import { Trouble } from "@/components/Empty";
import { Prose } from "@/components/Prose";
import { Status } from "@/components/Status";
import { sentences } from "@/domain/cluster";
import { LOWERED } from "@/domain/deployment";
import { lowerRequest, type RemoteWish, type WorkflowNeeds } from "@/domain/remoteWish";
import form from "@/features/newRun/Form.module.css";
import styles from "./Clusters.module.css";

interface Props {
  readonly wish: RemoteWish;
  readonly needs: WorkflowNeeds;
  /** Whether all that it takes can be read. */
  readonly isReady: boolean;
}

/** The pipeline as the workflow that would be sent, and what of it does not go over as it is. */
export function ArgoWorkflow({ wish, needs, isReady }: Props) {
  const lower = useMutation({
    mutationFn: () => lowerDefinition(lowerRequest(wish, needs)),
    onSuccess: ({ workflow }) => workflow && download(`${wish.pipeline}-workflow.json`, `${JSON.stringify(workflow, null, 2)}\n`, "application/json"),
  });
  return (
    <div className={form.part}>
      <div className={styles.buttons}>
        <Button type="button" icon={<Download size={14} aria-hidden />} disabled={!isReady || lower.isPending} onClick={() => lower.mutate()}>
          Download the workflow
        </Button>
      </div>
      {lower.error && <Trouble error={lower.error} />}
      {lower.data && (
        <p>
          <Prose text={lower.data.workflow ? "`kubectl create -f` takes the file." : "Something of it is not portable, and there is no workflow."} />
        </p>
      )}
      {lower.data && lower.data.findings.length > 0 && (
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
      )}
    </div>
  );
}
