import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { artifactLineage } from "@/api/queries";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Badge } from "@/components/Status";
import { usesOf } from "@/domain/artifactUses";
import { StepLink } from "./About";
import styles from "./About.module.css";

const TONES = { made: "ok", "taken over": "wait", read: "run" } as const;

/** Every step that made an artifact, took it over from the cache, or read it. */
export function Uses({ id }: { readonly id: number }) {
  const { data, error } = useQuery(artifactLineage(id));
  if (error && !data) return <Trouble error={error} />;
  if (!data) return <Skeleton rows={4} />;
  const uses = usesOf(data);
  if (uses.length === 0) return <Empty title="No run has it any more">The runs that made and read this artifact were deleted.</Empty>;
  return (
    <ul className={styles.uses}>
      {uses.map(({ how, run, runName, task, key }) => (
        <li key={`${how} ${run} ${task} ${key}`}>
          <span>
            <Badge tone={TONES[how]}>{how}</Badge>
          </span>
          <StepLink run={run} task={task} />
          <span title={how === "read" ? "The name of the input" : "The name of the output"}>{key}</span>
          <Link to="/runs/$id" params={{ id: run }} title={runName}>
            {runName}
          </Link>
        </li>
      ))}
    </ul>
  );
}
