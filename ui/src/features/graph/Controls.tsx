import { Panel, useReactFlow, useStore } from "@xyflow/react";
import { Maximize, Minus, Plus } from "lucide-react";
import { useEffect, useRef } from "react";
import { Button } from "@/components/Button";
import type { Layout } from "@/domain/layout";
import styles from "./Graph.module.css";
import { fitting } from "./Viewing";

const STEP = 80;
const MOVES: Record<string, readonly [number, number]> = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };

/** Nearer, farther, all of it; arrow keys, `+`, `-` and `0` do the same. */
export function Controls({ layout }: { readonly layout: Layout }) {
  const flow = useReactFlow();
  const size = useStore((state) => `${state.width}x${state.height}`);
  const frame = useStore((state) => state.domNode);
  const fit = useRef(() => undefined as void);
  useEffect(() => {
    const [width = 0, height = 0] = size.split("x").map(Number);
    fit.current = () => void flow.setViewport(fitting(layout, { width, height }, 0.05));
  }, [flow, layout, size]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const move = MOVES[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey || (event.target as HTMLElement).closest("input, select, textarea")) return;
      const { x, y, zoom } = flow.getViewport();
      if (move) void flow.setViewport({ x: x + move[0], y: y + move[1], zoom });
      else if (event.key === "+" || event.key === "=") void flow.zoomIn();
      else if (event.key === "-") void flow.zoomOut();
      else if (event.key === "0") fit.current();
      else return;
      event.preventDefault();
    };
    frame?.setAttribute("tabindex", "0");
    frame?.setAttribute("aria-label", "Graph. Arrow keys move it, or lead from task to task; plus and minus bring it nearer, 0 shows all of it");
    frame?.setAttribute("role", "group");
    frame?.addEventListener("keydown", onKey);
    return () => frame?.removeEventListener("keydown", onKey);
  }, [frame, flow]);
  return (
    <Panel position="bottom-left" className={styles.controls ?? ""}>
      <Button kind="quiet" aria-label="Nearer" title="Nearer (+)" icon={<Plus size={15} />} onClick={() => void flow.zoomIn()} />
      <Button kind="quiet" aria-label="Farther" title="Farther (-)" icon={<Minus size={15} />} onClick={() => void flow.zoomOut()} />
      <Button kind="quiet" aria-label="Show all of it" title="All of it (0)" icon={<Maximize size={14} />} onClick={() => fit.current()} />
    </Panel>
  );
}
