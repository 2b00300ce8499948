// Which nodes and edges of a pipeline are drawn, when some of its groups are open.

import type { Level, Tree } from "./layout";
import { type Dag, type DagEdge, isGroup, type Pipeline, type PipelineTask } from "./pipeline";
import { ancestors, isWithin, iterationOf, join, segments, withoutLoops } from "./taskPath";

export interface GraphNode {
  /** A task path; that of a loop has no index, also when one of its iterations is open. */
  readonly path: string;
  readonly task: PipelineTask;
  /** The path that what is in it begins with, when it is open: a DAG or one iteration of a loop. */
  readonly opened?: string;
}

export interface GraphEdge extends DagEdge {
  readonly id: string;
}

/** What is drawn, and how it nests. */
export interface Graph {
  readonly level: Level;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly edges: readonly GraphEdge[];
}

/** The DAG at a path, when there is one. */
export function dagAt(pipeline: Pipeline, path: string): Dag | undefined {
  let dag: Dag | undefined = pipeline.root;
  for (const { name } of segments(path)) dag = dag?.tasks.find((task) => task.name === name)?.dag;
  return dag;
}

/** The task at a path, when there is one. */
export function taskAt(pipeline: Pipeline, path: string): PipelineTask | undefined {
  const all = segments(path);
  const last = all.at(-1);
  if (!last) return undefined;
  let dag: Dag | undefined = pipeline.root;
  for (const { name } of all.slice(0, -1)) dag = dag?.tasks.find((task) => task.name === name)?.dag;
  return dag?.tasks.find((task) => task.name === last.name);
}

/** The graph of the DAG at `at`. `open` has paths of groups, and for loops of iterations: `for-loop-1[3]`. */
export function graphOf(pipeline: Pipeline, at: string, open: ReadonlySet<string>): Graph {
  const nodes = new Map<string, GraphNode>();
  const edges: GraphEdge[] = [];
  const walk = (dag: Dag, prefix: string): Level => {
    const trees = dag.tasks.map((task): Tree => {
      const path = join(prefix, task.name);
      const opened = isGroup(task) ? openedAs(path, task, open) : undefined;
      nodes.set(path, { path, task, ...(opened !== undefined && { opened }) });
      return { id: path, ...(opened !== undefined && task.dag && { level: walk(task.dag, opened) }) };
    });
    const own = dag.edges.map(
      (edge): GraphEdge => ({ ...edge, from: join(prefix, edge.from), to: join(prefix, edge.to), id: `${join(prefix, edge.from)} > ${join(prefix, edge.to)}` }),
    );
    edges.push(...own);
    return { nodes: trees, edges: own.map(({ id, from, to }) => ({ id, from, to })) };
  };
  const level = walk(dagAt(pipeline, at) ?? { tasks: [], edges: [] }, at);
  return { level, nodes, edges };
}

function openedAs(path: string, task: PipelineTask, open: ReadonlySet<string>): string | undefined {
  if (open.has(path)) return path;
  if (task.kind !== "loop") return undefined;
  for (const entry of open) if (entry.startsWith(`${path}[`) && iterationOf(entry) !== undefined && entry.slice(path.length).indexOf("/") < 0) return entry;
  return undefined;
}

/** Opens a group, or another iteration of a loop instead of the one that is open. */
export function withOpened(open: readonly string[], path: string): readonly string[] {
  const at = iterationOf(path);
  const loop = at === undefined ? undefined : path.slice(0, path.lastIndexOf("["));
  return [...open.filter((entry) => entry !== path && !(loop && isWithin(entry, loop))), path];
}

/** Closes a group with everything in it. */
export const withClosed = (open: readonly string[], path: string): readonly string[] => open.filter((entry) => !isWithin(entry, path));

/** The node that stands for a task path: the task itself, or its loop for an iteration. */
export function nodeFor(path: string): string {
  return iterationOf(path) === undefined ? path : path.slice(0, path.lastIndexOf("["));
}

/** What is open when a task is to be seen: also everything that holds it. */
export function openFor(open: readonly string[], task: string | undefined): readonly string[] {
  if (task === undefined) return open;
  const holding = iterationOf(task) === undefined ? ancestors(task) : [...ancestors(task), task];
  return withoutLoops(holding).reduce<readonly string[]>((all, path) => (all.includes(path) ? all : withOpened(all, path)), open);
}
