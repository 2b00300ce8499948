import type { Shown } from "@/domain/state";

/** One iteration of a loop, as its loop's node offers it. */
export interface IterationLook {
  readonly index: number;
  readonly shown: Shown;
}

/** How a node looks in a run. A pipeline's own graph has none. */
export interface NodeLook {
  readonly shown: Shown;
  readonly from?: string | null | undefined;
  readonly to?: string | null | undefined;
  readonly reason?: string | undefined;
  readonly isCached: boolean;
  readonly isFaint: boolean;
  /** Of a loop that has begun. */
  readonly iterations?: readonly IterationLook[];
  /** `3 of 6`, for what holds others. */
  readonly progress?: string;
}

/** How each task looks, by its path. */
export interface Looks {
  readonly get: (path: string) => NodeLook | undefined;
}

/** The iteration that is worth opening first: one that failed, else one that runs, else the first. */
export function telling(iterations: readonly IterationLook[]): number {
  const of = (tone: string) => iterations.find((one) => one.shown.tone === tone)?.index;
  return of("fail") ?? of("run") ?? iterations[0]?.index ?? 0;
}
