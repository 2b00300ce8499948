// Task paths: `outer/for-loop-1[3]/train`. The run's own DAG is the empty path.

export interface Segment {
  readonly name: string;
  readonly iteration?: number;
}

export function segments(path: string): readonly Segment[] {
  if (path === "") return [];
  return path.split("/").map((part) => {
    const found = /^(.*)\[(\d+)\]$/.exec(part);
    return found ? { name: found[1] ?? "", iteration: Number(found[2]) } : { name: part };
  });
}

export const join = (parent: string, name: string): string => (parent ? `${parent}/${name}` : name);

export const iteration = (loop: string, index: number): string => `${loop}[${index}]`;

/** The last segment, without an iteration's index. */
export const nameOf = (path: string): string => segments(path).at(-1)?.name ?? "";

/** Which iteration a path stands for, when its last segment is one. */
export const iterationOf = (path: string): number | undefined => segments(path).at(-1)?.iteration;

/** The path of the DAG that holds this; that of an iteration is its loop. */
export function parentOf(path: string): string {
  const last = path.lastIndexOf("/");
  if (path.endsWith("]") && path.lastIndexOf("[") > last) return path.slice(0, path.lastIndexOf("["));
  return last < 0 ? "" : path.slice(0, last);
}

/** The path in the definition: no iteration has an index. */
export const withoutIterations = (path: string): string =>
  segments(path)
    .map((segment) => segment.name)
    .join("/");

/** Every path above, outermost first; an iteration and its loop are two. */
export function ancestors(path: string): readonly string[] {
  const found: string[] = [];
  for (let at = path; at !== ""; ) {
    at = parentOf(at);
    if (at !== "") found.unshift(at);
  }
  return found;
}

/** Whether `path` is `above` or stands in it. */
export const isWithin = (path: string, above: string): boolean =>
  above === "" || path === above || path.startsWith(`${above}/`) || path.startsWith(`${above}[`);

/** Of a loop and one of its iterations, only the iteration. */
export const withoutLoops = (paths: readonly string[]): readonly string[] =>
  paths.filter((path) => !paths.some((other) => other.startsWith(`${path}[`) && !other.slice(path.length).includes("/")));
