import { taskAt } from "@/domain/graph";
import type { Pipeline } from "@/domain/pipeline";
import { ancestors, iterationOf, withoutLoops } from "@/domain/taskPath";
import styles from "./Graph.module.css";

/** Where one is when a group is shown alone, and the way back. */
export function Breadcrumbs({ pipeline, at, onAt }: { readonly pipeline: Pipeline; readonly at: string; readonly onAt: (path: string) => void }) {
  // A loop and its iteration are one step.
  const steps = withoutLoops([...ancestors(at), at]);
  return (
    <nav className={styles.crumbs} aria-label="Place in the graph">
      <button type="button" onClick={() => onAt("")}>
        {pipeline.name || "Pipeline"}
      </button>
      {steps.map((path) => (
        <span key={path}>
          <span aria-hidden>›</span>
          <button type="button" aria-current={path === at ? "location" : undefined} onClick={() => onAt(path)}>
            {taskAt(pipeline, path)?.title ?? path}
            {iterationOf(path) !== undefined && ` [${iterationOf(path)}]`}
          </button>
        </span>
      ))}
    </nav>
  );
}
