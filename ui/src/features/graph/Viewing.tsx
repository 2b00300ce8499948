import { useReactFlow, useStore, type Viewport } from "@xyflow/react";
import { useEffect, useLayoutEffect, useRef } from "react";
import { type Box, type Layout, NODE } from "@/domain/layout";

interface Size {
  readonly width: number;
  readonly height: number;
}

const MARGIN = 24;
/** Names can be read down to here. */
const READABLE = 0.75;

/** All of a layout in the middle; its beginning, where all of it would be too small to read. */
export function fitting(layout: Layout, frame: Size, least = READABLE): Viewport {
  const wanted = Math.min((frame.width - 2 * MARGIN) / Math.max(1, layout.width), (frame.height - 2 * MARGIN) / Math.max(1, layout.height));
  const zoom = Math.max(least, Math.min(1, wanted));
  const middle = (space: number, size: number) => Math.max(MARGIN, (space - size * zoom) / 2);
  return { x: middle(frame.width, layout.width), y: layout.height * zoom > frame.height ? beginning(layout, frame, zoom) : middle(frame.height, layout.height), zoom };
}

/** A graph that is too high begins in the middle of its first rank. */
function beginning(layout: Layout, frame: Size, zoom: number): number {
  const first = [...layout.boxes.values()].filter((box) => box.x < 1);
  const top = Math.min(...first.map((box) => box.y));
  const bottom = Math.max(...first.map((box) => box.y + box.height));
  if ((bottom - top) * zoom > frame.height) return MARGIN - top * zoom;
  return frame.height / 2 - ((top + bottom) / 2) * zoom;
}

/** Looks at the graph: all of it at first, then at what is selected. What one looks at stays where it is when a group opens. */
export function Viewing({ layout, at, selected }: { readonly layout: Layout; readonly at: string; readonly selected: string | undefined }) {
  const flow = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const seen = useRef<{ readonly at: string; readonly layout: Layout }>(undefined);
  useLayoutEffect(() => {
    if (width === 0 || height === 0) return;
    const before = seen.current;
    seen.current = { at, layout };
    if (before?.at !== at) {
      void flow.setViewport(fitting(layout, { width, height }));
      return;
    }
    if (before.layout === layout) return;
    const view = flow.getViewport();
    const anchor = [...before.layout.boxes].find(([id, box]) => layout.boxes.has(id) && isInSight(box, view, { width, height }));
    const now = anchor && layout.boxes.get(anchor[0]);
    if (anchor && now) void flow.setViewport({ zoom: view.zoom, x: view.x + (anchor[1].x - now.x) * view.zoom, y: view.y + (anchor[1].y - now.y) * view.zoom });
  }, [flow, layout, at, width, height]);

  useEffect(() => {
    const box = selected === undefined ? undefined : layout.boxes.get(selected);
    if (!box || width === 0 || height === 0) return;
    const view = flow.getViewport();
    if (isInSight(box, view, { width, height })) return;
    void flow.setViewport(inSight(box, view, { width, height }));
  }, [flow, layout, selected, width, height]);
  return null;
}

/** The view with a node in its middle, near enough to be read. */
export function inSight(box: Box, view: Viewport, { width, height }: Size): Viewport {
  const zoom = Math.max(view.zoom, READABLE);
  return { zoom, x: width / 2 - (box.x + Math.min(box.width, NODE.width) / 2) * zoom, y: height / 2 - (box.y + Math.min(box.height, NODE.height) / 2) * zoom };
}

export function isInSight(box: Box, view: Viewport, frame: Size): boolean {
  const x = box.x * view.zoom + view.x;
  const y = box.y * view.zoom + view.y;
  return x >= 0 && y >= 0 && x + NODE.width * view.zoom <= frame.width && y + NODE.height * view.zoom <= frame.height;
}
