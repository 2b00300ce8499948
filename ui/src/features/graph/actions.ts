import { createContext, useContext } from "react";

/** What the nodes of a graph can be asked to do. */
export interface GraphActions {
  readonly select: (path: string) => void;
  /** Opens a group in its place; of a loop an iteration: `for-loop-1[3]`. */
  readonly open: (path: string) => void;
  readonly close: (path: string) => void;
  /** Shows a group alone. */
  readonly enter: (path: string) => void;
}

const nothing = () => undefined;

export const Actions = createContext<GraphActions>({ select: nothing, open: nothing, close: nothing, enter: nothing });

export const useActions = (): GraphActions => useContext(Actions);
