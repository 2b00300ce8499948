import { useEffect, useState } from "react";
import { followWorkload, type WorkloadPlace } from "@/api/clusters";
import { Trouble } from "@/components/Empty";
import { FollowedText } from "@/components/FollowedText";
import { workloadLine } from "@/domain/deployment";
import styles from "./Clusters.module.css";

/** How many lines are kept to look at. */
const KEPT = 5000;

/** What a workload of a cluster says, and what becomes of it, as it is heard. */
export function WorkloadLog({ context, kubeconfig, namespace, workload }: WorkloadPlace) {
  const [lines, setLines] = useState<readonly string[]>([]);
  const [error, setError] = useState<Error>();
  useEffect(
    () =>
      followWorkload(
        { context, kubeconfig, namespace, workload },
        {
          begin: () => setLines([]),
          news: (news) => setLines((before) => [...before.slice(1 - KEPT), workloadLine(news)]),
          fail: setError,
        },
      ),
    [context, kubeconfig, namespace, workload],
  );
  if (error) return <Trouble error={error} />;
  return <FollowedText className={styles.log} label={`Log of ${workload} in ${context}`} text={lines.join("\n")} />;
}
