import { ReactFlowProvider } from "@xyflow/react";
import { useMemo, useState } from "react";
import { Skeleton } from "@/components/Empty";
import { graphOf, nodeFor, openFor, withClosed, withOpened } from "@/domain/graph";
import type { Pipeline } from "@/domain/pipeline";
import { ancestors } from "@/domain/taskPath";
import { Actions, type GraphActions } from "./actions";
import { Breadcrumbs } from "./Breadcrumbs";
import { Distance } from "./Distance";
import { drawnEdges, flowNodes, type Kept } from "./flow";
import styles from "./Graph.module.css";
import { Ground } from "./Ground";
import type { Looks } from "./look";
import { useLayout } from "./useLayout";

export interface GraphProps {
  readonly pipeline: Pipeline;
  /** The group that is shown alone, as a task path; empty for the whole. */
  readonly at?: string;
  readonly onAt: (path: string) => void;
  /** Groups that are open in place; for a loop of a run its iteration: `for-loop-1[3]`. */
  readonly open: readonly string[];
  readonly onOpen: (open: readonly string[]) => void;
  readonly selected?: string | undefined;
  readonly onSelect: (path: string | undefined) => void;
  /** How tasks are, by path; a pipeline's own graph has none. */
  readonly looks?: Looks | undefined;
  /** Everything else is dimmed. */
  readonly lit?: ReadonlySet<string> | undefined;
}

/** A pipeline as a graph. Groups open in place, or are shown alone; what is selected is always in sight. */
export function Graph({ pipeline, at = "", onAt, open, onOpen, selected, onSelect, looks, lit }: GraphProps) {
  const shownOpen = useMemo(() => new Set(openFor(open, selected)), [open, selected]);
  const graph = useMemo(() => graphOf(pipeline, at, shownOpen), [pipeline, at, shownOpen]);
  const layout = useLayout(graph.level);
  const [kept] = useState<Kept>(() => new Map());
  const node = selected === undefined ? undefined : nodeFor(selected);
  const flow = useMemo(() => {
    if (!layout) return undefined;
    const shown = { graph, layout, looks, selected: node, lit };
    return { nodes: flowNodes(shown, kept), edges: drawnEdges(shown) };
  }, [graph, layout, looks, node, lit, kept]);
  const actions = useMemo<GraphActions>(
    () => ({
      select: onSelect,
      open: (path) => onOpen(withOpened([...shownOpen], path)),
      close: (path) => {
        onOpen(withClosed([...shownOpen], path));
        // What is selected in it would open it again.
        if (selected !== undefined && ancestors(selected).includes(path)) onSelect(path);
      },
      enter: onAt,
    }),
    [onSelect, onOpen, onAt, shownOpen, selected],
  );
  return (
    <Actions.Provider value={actions}>
      <div className={styles.frame} role="region" aria-label="Graph">
        {flow && layout ? (
          <ReactFlowProvider>
            <Distance>
              <Ground nodes={flow.nodes} edges={flow.edges} layout={layout} at={at} selected={node} onSelect={onSelect} />
            </Distance>
          </ReactFlowProvider>
        ) : (
          <Skeleton rows={8} />
        )}
        {at !== "" && <Breadcrumbs pipeline={pipeline} at={at} onAt={onAt} />}
      </div>
    </Actions.Provider>
  );
}
