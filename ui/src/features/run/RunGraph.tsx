import { useMemo } from "react";
import type { Run, Task } from "@/api/types";
import { Empty } from "@/components/Empty";
import { nodeFor } from "@/domain/graph";
import type { Pipeline } from "@/domain/pipeline";
import type { RunSearch } from "@/domain/runSearch";
import type { TaskIndex } from "@/domain/runTasks";
import { litAt } from "@/domain/timeline";
import { Graph } from "@/features/graph/Graph";
import { looksOf } from "./looks";

interface Props {
  readonly run: Run;
  readonly pipeline: Pipeline;
  readonly tasks: readonly Task[];
  readonly index: TaskIndex;
  readonly search: RunSearch;
  readonly onSearch: (change: Partial<Record<keyof RunSearch, unknown>>) => void;
  readonly cursor: number | undefined;
}

const NONE: readonly string[] = [];

/** The graph of a run: the definition's, with how each task is. What ran at the time of the cursor is lit. */
export function RunGraph({ run, pipeline, tasks, index, search, onSearch, cursor }: Props) {
  const looks = useMemo(() => looksOf(run, index), [run, index]);
  const ran = cursor === undefined ? undefined : [...litAt(tasks, cursor)].map(nodeFor).toSorted().join("\n");
  const lit = useMemo(() => (ran === undefined ? undefined : new Set(ran.split("\n"))), [ran]);
  const actions = useMemo(
    () => ({
      at: (at: string) => onSearch({ at: at || undefined }),
      open: (open: readonly string[]) => onSearch({ open: open.length > 0 ? open : undefined }),
      select: (task: string | undefined) => onSearch({ task, attempt: undefined }),
    }),
    [onSearch],
  );
  if (pipeline.root.tasks.length === 0) return <Empty title="This pipeline has no tasks">A run of it does nothing and succeeds.</Empty>;
  return (
    <Graph
      pipeline={pipeline}
      at={search.at ?? ""}
      onAt={actions.at}
      open={search.open ?? NONE}
      onOpen={actions.open}
      selected={search.task}
      onSelect={actions.select}
      looks={looks}
      lit={lit}
    />
  );
}
