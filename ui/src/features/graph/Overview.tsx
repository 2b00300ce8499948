import { Panel, useReactFlow, useStoreApi } from "@xyflow/react";
import { type PointerEvent, useEffect, useMemo, useRef } from "react";
import type { Layout } from "@/domain/layout";
import { farNodes } from "./far";
import styles from "./Overview.module.css";
import type { TaskFlowNode } from "./TaskNode";

/** What the map has room in, in pixels. */
const SIZE = { width: 200, height: 150 };

/** A map of the whole graph with what is in sight of it, which is moved by hand. */
export function Overview({ nodes, layout }: { readonly nodes: readonly TaskFlowNode[]; readonly layout: Layout }) {
  const flow = useReactFlow();
  const store = useStoreApi();
  const sight = useRef<SVGRectElement>(null);
  const drawings = useMemo(() => farNodes(nodes), [nodes]);
  const scale = Math.max(layout.width / SIZE.width, layout.height / SIZE.height, 1);
  useEffect(() => {
    const show = () => {
      const { transform, width, height } = store.getState();
      const [x, y, zoom] = transform;
      const place = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
      for (const [name, value] of Object.entries(place)) sight.current?.setAttribute(name, String(value));
    };
    show();
    return store.subscribe(show);
  }, [store]);
  const go = (event: PointerEvent<SVGSVGElement>) => {
    if (event.buttons === 0) return;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(event.currentTarget.getScreenCTM()?.inverse());
    void flow.setCenter(at.x, at.y, { zoom: flow.getZoom() });
  };
  return (
    <Panel position="bottom-right" className={styles.map ?? ""}>
      <svg
        role="img"
        aria-label="Map of the graph"
        width={layout.width / scale}
        height={layout.height / scale}
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          go(event);
        }}
        onPointerMove={go}
      >
        {drawings.map(({ key, tone, isFaint, path }) => (
          <path key={key} className={`${styles.node} ${styles[tone] ?? ""} ${isFaint ? styles.dim : ""}`} d={path} />
        ))}
        <rect ref={sight} className={styles.sight} vectorEffect="non-scaling-stroke" />
      </svg>
    </Panel>
  );
}
