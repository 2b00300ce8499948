import { useEffect, useRef, useState } from "react";
import { followWorkload, type WorkloadPlace } from "@/api/clusters";
import { Trouble } from "@/components/Empty";
import { workloadLine } from "@/domain/deployment";
import styles from "./Clusters.module.css";

/** How many lines are kept to look at. */
const KEPT = 5000;

/** What a workload of a cluster says, and what becomes of it, as it is heard. */
export function WorkloadLog({ context, kubeconfig, namespace, workload }: WorkloadPlace) {
  const [lines, setLines] = useState<readonly string[]>([]);
  const [error, setError] = useState<Error>();
  const frame = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(true);
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
  useEffect(() => {
    if (isAtEnd.current && frame.current) frame.current.scrollTop = frame.current.scrollHeight;
  });
  if (error) return <Trouble error={error} />;
  return (
    <pre
      ref={frame}
      className={styles.log}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by keys
      tabIndex={0}
      role="log"
      aria-label={`Log of ${workload} in ${context}`}
      aria-live="off"
      onScroll={({ currentTarget: at }) => (isAtEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < 24)}
    >
      {lines.join("\n") || "It has said nothing yet."}
    </pre>
  );
}
