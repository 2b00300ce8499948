import { useQuery } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { type ClusterContext, clusterLook } from "@/api/clusters";
import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { Skeleton, Trouble } from "@/components/Empty";
import { Facts } from "@/components/Facts";
import { Panel } from "@/components/Panel";
import { clusterWords } from "@/domain/cluster";
import styles from "./Clusters.module.css";
import { Findings } from "./Findings";

interface Props {
  readonly context: ClusterContext;
  readonly onClose: () => void;
}

/** A context, and what its cluster has, which is asked for when this opens. */
export function ContextPanel({ context, onClose }: Props) {
  const { name, server, namespace, user, credentials, file, problems, is_usable } = context;
  const look = useQuery({ ...clusterLook(name), enabled: is_usable });
  return (
    <Panel title={name} about={name} onClose={onClose}>
      <div className={styles.part}>
        <Facts
          facts={[
            ["Server", server && <code>{server}</code>],
            ["Namespace", namespace],
            ["User", user],
            ["Credentials", credentials],
            ["File", <code key="file">{file}</code>],
            ["Devices", look.data?.devices?.map(({ resource, total, nodes }) => `${total} of ${resource} on ${nodes === 1 ? "one node" : `${nodes} nodes`}`).join(", ")],
          ]}
        />
        <div>
          <Button icon={<RefreshCw size={14} aria-hidden />} disabled={!is_usable || look.isFetching} onClick={() => void look.refetch()}>
            Look again
          </Button>{" "}
          <CopyAs texts={[{ label: "command", text: `coracle preflight --context ${name}` }]} />
        </div>
        {look.data && <p>{clusterWords(look.data)}</p>}
        {look.isError && <Trouble error={look.error} />}
        {look.isFetching && !look.data && <Skeleton rows={3} />}
        <Findings findings={look.data?.findings ?? problems} />
      </div>
    </Panel>
  );
}
