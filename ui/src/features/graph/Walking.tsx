import { type ReactFlowInstance, useReactFlow, useStore } from "@xyflow/react";
import { useEffect, useRef } from "react";
import type { Layout } from "@/domain/layout";
import { type Direction, neighbour } from "@/domain/neighbour";
import { inSight, isInSight } from "./Viewing";

const DIRECTIONS: readonly string[] = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"] satisfies Direction[];

const pathOf = (target: EventTarget | null): string | undefined => (target instanceof Element ? target.closest<HTMLElement>("[data-task]")?.dataset["task"] : undefined);

/** Arrow keys lead from node to node; who has the focus is in sight, and has it still when it is drawn anew, as a group that opens. */
export function Walking({ layout }: { readonly layout: Layout }) {
  const flow = useReactFlow();
  const frame = useStore((state) => state.domNode);
  const at = useRef<string>(undefined);
  useEffect(() => {
    if (!frame) return;
    const main = (path: string) => frame.querySelector<HTMLElement>(`[data-task="${CSS.escape(path)}"] button`);
    const go = (path: string) => {
      show(flow, layout, frame, path);
      at.current = path;
      main(path)?.focus({ preventScroll: true });
    };
    const onKey = (event: KeyboardEvent) => {
      const from = pathOf(event.target);
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !(event.target instanceof HTMLSelectElement);
      if (from === undefined || !isPlain || !DIRECTIONS.includes(event.key)) return;
      // The graph itself does not move then.
      event.preventDefault();
      event.stopPropagation();
      const to = neighbour(layout.boxes, from, event.key as Direction);
      if (to !== undefined) go(to);
    };
    const onFocus = (event: FocusEvent) => {
      at.current = pathOf(event.target);
      if (at.current !== undefined && (event.target as Element).matches(":focus-visible")) show(flow, layout, frame, at.current);
    };
    const leave = (event: FocusEvent | PointerEvent) => {
      if (!frame.contains(event.target as Node)) at.current = undefined;
    };
    // A node that comes into sight, or becomes a frame, is another element.
    const drawn = new MutationObserver(() => {
      if (at.current !== undefined && document.activeElement === document.body) main(at.current)?.focus({ preventScroll: true });
    });
    frame.addEventListener("keydown", onKey, true);
    frame.addEventListener("focusin", onFocus);
    document.addEventListener("focusin", leave);
    document.addEventListener("pointerdown", leave);
    drawn.observe(frame, { childList: true, subtree: true });
    return () => {
      frame.removeEventListener("keydown", onKey, true);
      frame.removeEventListener("focusin", onFocus);
      document.removeEventListener("focusin", leave);
      document.removeEventListener("pointerdown", leave);
      drawn.disconnect();
    };
  }, [flow, frame, layout]);
  return null;
}

function show(flow: ReactFlowInstance, { boxes }: Layout, frame: HTMLElement, path: string): void {
  const box = boxes.get(path);
  const size = { width: frame.clientWidth, height: frame.clientHeight };
  const view = flow.getViewport();
  if (box && !isInSight(box, view, size)) void flow.setViewport(inSight(box, view, size));
}
