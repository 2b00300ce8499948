import { useStore } from "@xyflow/react";
import { createContext, type ReactNode, useContext } from "react";

/** Names cannot be read below this zoom. */
const FAR = 0.35;

const Far = createContext(false);

/** Whether the graph is too far away for its names to be read; it is drawn bare then, so that thousands of nodes move. */
export const useIsFar = (): boolean => useContext(Far);

export function Distance({ children }: { readonly children: ReactNode }) {
  const isFar = useStore((state) => state.transform[2] < FAR);
  return <Far.Provider value={isFar}>{children}</Far.Provider>;
}
