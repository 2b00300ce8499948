import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { run as runQuery } from "@/api/queries";
import type { ArtifactDetail } from "@/api/types";
import { Empty } from "@/components/Empty";
import { Badge } from "@/components/Status";
import { StepLink } from "./About";
import styles from "./About.module.css";

type Use = ArtifactDetail["producers"][number];

/** Every step that made an artifact, took it over from the cache, or read it. */
export function Uses({ detail }: { readonly detail: ArtifactDetail }) {
  const uses = [...detail.producers.map((use, index) => ({ use, how: index === 0 ? ("made" as const) : ("taken over" as const) })), ...detail.consumers.map((use) => ({ use, how: "read" as const }))];
  if (uses.length === 0) return <Empty title="No run has it any more">The runs that made and read this artifact were deleted.</Empty>;
  return (
    <ul className={styles.uses}>
      {uses.map(({ use, how }) => (
        <UseLine key={`${how} ${use.run_id} ${use.task} ${use.key}`} use={use} how={how} />
      ))}
    </ul>
  );
}

function UseLine({ use, how }: { readonly use: Use; readonly how: "made" | "taken over" | "read" }) {
  const { data } = useQuery(runQuery(use.run_id));
  return (
    <li>
      <span>
        <Badge tone={how === "read" ? "run" : how === "made" ? "ok" : "wait"}>{how}</Badge>
      </span>
      <StepLink run={use.run_id} task={use.task} />
      <span title={how === "read" ? "The name of the input" : "The name of the output"}>{use.key}</span>
      <Link to="/runs/$id" params={{ id: use.run_id }}>
        {data?.display_name ?? use.run_id.slice(0, 8)}
      </Link>
    </li>
  );
}
