import { type RefObject, useEffect, useState } from "react";
import { type Span, zoomed } from "@/domain/timeline";

/** The part of a run's time that is shown: all of it until one zooms, by buttons or by Ctrl and the wheel. */
export function useZoom(frame: RefObject<HTMLElement | null>, whole: Span) {
  const [view, setView] = useState<Span>();
  const shown = view ?? whole;
  useEffect(() => {
    const element = frame.current;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && event.deltaX === 0) return;
      event.preventDefault();
      const track = element?.querySelector("[data-track]")?.getBoundingClientRect();
      if (!track) return;
      const at = (event.clientX - track.left) / track.width;
      setView(zoomed(whole, shown, event.ctrlKey ? Math.exp(event.deltaY / 300) : 1, at, event.ctrlKey ? 0 : event.deltaX / track.width));
    };
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  }, [frame, whole, shown]);
  const by = (factor: number, around?: number) => {
    const at = around === undefined || around < shown.from || around > shown.to ? 0.5 : (around - shown.from) / (shown.to - shown.from);
    setView(zoomed(whole, shown, factor, at, 0));
  };
  return { shown, isZoomed: view !== undefined, by, all: () => setView(undefined) };
}
