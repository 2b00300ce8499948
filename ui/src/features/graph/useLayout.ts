import { useEffect, useMemo, useState } from "react";
import { countNodes, type Layout, layout, type Level } from "@/domain/layout";

/** More nodes than this are laid out beside the page, which goes on answering. */
const AT_ONCE = 60;

/** Where the nodes of a level stand; what stood before until that is known. */
export function useLayout(level: Level): Layout | undefined {
  const isSmall = useMemo(() => countNodes(level) <= AT_ONCE, [level]);
  const now = useMemo(() => (isSmall ? layout(level) : undefined), [isSmall, level]);
  const [later, setLater] = useState<Layout>();
  useEffect(() => {
    if (isSmall) return;
    const worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = (message: MessageEvent<Layout>) => setLater(message.data);
    worker.postMessage(level, { transfer: [] });
    return () => worker.terminate();
  }, [isSmall, level]);
  return now ?? later;
}
