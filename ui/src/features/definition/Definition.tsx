import { lazy, Suspense, useCallback, useDeferredValue, useMemo } from "react";
import { Code } from "@/components/Code";
import type { Span } from "@/components/CodeEditor";
import { Skeleton } from "@/components/Empty";
import { readPipeline } from "@/domain/pipeline";
import { pathAt, placesByPath, type Problem, taskPlaces } from "@/domain/places";
import styles from "./Definition.module.css";
import { again } from "@/components/again";

const Graph = lazy(again(async () => ({ default: (await import("@/features/graph/Graph")).Graph })));

export interface Shown {
  /** The task that is marked in both, by its path. */
  readonly task?: string | undefined;
  /** The group that is shown alone. */
  readonly at?: string | undefined;
  /** Groups that are open in place, by path. */
  readonly open: readonly string[];
}

interface Props extends Shown {
  readonly definition: unknown;
  readonly text: string;
  readonly onText?: ((text: string) => void) | undefined;
  readonly problems?: readonly Problem[];
  /** A place in the text that is marked instead of a task's, and where one goes on writing. */
  readonly spot?: Span | undefined;
  readonly onShow: (change: Partial<Shown>) => void;
}

/** A definition as a graph beside its text: what is picked in one is marked in the other. */
export function Definition({ definition, text, onText, problems, spot, task, at, open, onShow }: Props) {
  const pipeline = useMemo(() => readPipeline(definition), [definition]);
  // A long text is read once it is shown.
  const read = useDeferredValue(text, "");
  const places = useMemo(() => placesByPath(taskPlaces(read)), [read]);
  const select = useCallback((path: string | undefined) => onShow({ task: path }), [onShow]);
  const setOpen = useCallback((paths: readonly string[]) => onShow({ open: paths }), [onShow]);
  const enter = useCallback((path: string) => onShow({ at: path || undefined }), [onShow]);
  const marked = spot ?? (task === undefined ? undefined : places.get(task));
  const cursor = useCallback((offset: number) => onShow({ task: pathAt(places, offset) }), [onShow, places]);
  return (
    <div className={styles.split}>
      <div className={styles.graph}>
        <Suspense fallback={<Skeleton rows={8} />}>
          <Graph pipeline={pipeline} at={at ?? ""} onAt={enter} open={open} onOpen={setOpen} selected={task} onSelect={select} />
        </Suspense>
      </div>
      <div className={styles.text}>
        <Code label="Definition" value={text} onChange={onText} problems={problems ?? NONE} marked={marked} isEntered={spot !== undefined} onCursor={cursor} />
      </div>
    </div>
  );
}

const NONE: readonly Problem[] = [];
