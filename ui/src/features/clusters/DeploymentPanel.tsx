import { useQuery } from "@tanstack/react-query";
import { RefreshCw, Trash2, Undo2 } from "lucide-react";
import { useState } from "react";
import { type ClusterContext, type Deployed, deploymentStanding, type ListedDeployment, removeDeployment, rollbackDeployment } from "@/api/clusters";
import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { Trouble } from "@/components/Empty";
import { Facts } from "@/components/Facts";
import { Panel } from "@/components/Panel";
import { Badge, Status } from "@/components/Status";
import { Ago } from "@/components/Time";
import { objectName, shownDeployment } from "@/domain/deployment";
import { ChangeThere } from "./ChangeThere";
import styles from "./Clusters.module.css";
import { Objects } from "./Objects";
import { WorkloadLog } from "./WorkloadLog";

interface Props {
  readonly context: ClusterContext;
  readonly deployment: ListedDeployment;
  /** Which of its workloads is followed: `NAMESPACE/job/NAME`. */
  readonly followed: string | undefined;
  readonly onFollow: (workload: string | undefined) => void;
  readonly onClose: () => void;
  /** What came of a change in the cluster. */
  readonly onDone: (deployed: Deployed) => void;
}

/** What was sent to a cluster under a name: its objects there, and going back. */
export function DeploymentPanel({ context, deployment, followed, onFollow, onClose, onDone }: Props) {
  const { deployment: name, namespace, objects, revision, can_go_back: canGoBack, written_at: at, problem } = deployment;
  const [asked, setAsked] = useState<"back" | "remove">();
  const standing = useQuery({ ...deploymentStanding(context.name, namespace, name), enabled: !problem });
  const [shown, reason] = shownDeployment(deployment);
  const place = { context: context.name, deployment: name, namespace };
  const there = { name: context.name, isProtected: context.is_protected };
  const named = `${name} --context ${context.name} -n ${namespace}`;
  const workload = followed?.split("/");
  const done = (deployed: Deployed) => {
    setAsked(undefined);
    onDone(deployed);
  };
  return (
    <Panel title={name} about={`${context.name} ${namespace}/${name}`} onClose={onClose}>
      <div className={styles.part}>
        <Facts
          facts={[
            ["In the cluster of", <Badge key="context" tone="accent">{context.name}</Badge>],
            ["Server", context.server && <code>{context.server}</code>],
            ["Namespace", namespace],
            ["State", <Status key="state" shown={shown} reason={reason} />],
            ["Sent", revision > 0 && (revision === 1 ? "once" : `${revision} times`)],
            ["Last", at && <Ago at={at} />],
          ]}
        />
        <div className={styles.buttons}>
          <Button icon={<Undo2 size={14} aria-hidden />} disabled={!canGoBack || Boolean(problem)} onClick={() => setAsked("back")}>
            Roll back
          </Button>
          <Button kind="danger" icon={<Trash2 size={14} aria-hidden />} disabled={Boolean(problem)} onClick={() => setAsked("remove")}>
            Delete
          </Button>
          <Button icon={<RefreshCw size={14} aria-hidden />} aria-label={`Look again at ${name}`} disabled={standing.isFetching} onClick={() => void standing.refetch()} />
          <CopyAs
            texts={[
              { label: "command to roll back", text: `coracle rollback ${named}` },
              { label: "command to delete", text: `coracle undeploy ${named}` },
            ]}
          />
        </div>
        {standing.error && <Trouble error={standing.error} />}
        <Objects context={context.name} namespace={namespace} objects={objects} standing={standing.data} followed={followed} onFollow={onFollow} />
        {objects.length === 0 && !problem && <p className={styles.quiet}>None of its objects is left there.</p>}
        {workload && <WorkloadLog key={followed} context={context.name} namespace={workload[0]} workload={workload.slice(1).join("/")} />}
      </div>
      <ChangeThere
        place={there}
        open={asked === "back"}
        title={`Roll ${name} back in ${context.name}?`}
        verb="Roll back"
        change={(confirm) => rollbackDeployment({ ...place, confirm })}
        onClose={() => setAsked(undefined)}
        onDone={done}
      >
        <p>Its objects there become as they were before they were last sent: what was made then is deleted, and what was deleted is made again.</p>
      </ChangeThere>
      <ChangeThere
        place={there}
        open={asked === "remove"}
        title={`Delete ${name} from ${context.name}?`}
        verb="Delete"
        change={(confirm) => removeDeployment({ ...place, confirm })}
        onClose={() => setAsked(undefined)}
        onDone={done}
      >
        <p>
          {objects.length === 0 ? "Its record there is deleted." : `${objects.map(objectName).join(", ")} ${objects.length === 1 ? "is" : "are"} deleted there, with what belongs to ${objects.length === 1 ? "it" : "them"}.`} What
          others had made before stays. Nothing here changes.
        </p>
      </ChangeThere>
    </Panel>
  );
}
