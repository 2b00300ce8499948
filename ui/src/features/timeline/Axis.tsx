import { type PointerEvent, useState } from "react";
import { type Span, tickLabel, ticks } from "@/domain/timeline";
import { shortDuration } from "@/domain/time";
import styles from "./Timeline.module.css";

interface Props {
  readonly span: Span;
  /** When the run began, where the axis begins later. */
  readonly start?: number;
  readonly cursor: number | undefined;
  readonly onCursor: (time: number | undefined) => void;
  /** What happened, as short marks: failures and so on. */
  readonly marks?: readonly { readonly at: number; readonly tone: string }[];
}

const MOST = 9;
const PARTS = 100;
/** A mark after this part has no room for its label. */
const LAST = 0.95;

/** The time axis of a run. A cursor on it shows what ran then, here and everywhere else. */
export function Axis({ span, start = span.from, cursor, onCursor, marks = [] }: Props) {
  const [isHeld, setHeld] = useState(false);
  const length = span.to - span.from;
  const timeAt = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return span.from + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * length;
  };
  const place = (time: number) => `${((time - span.from) / length) * 100}%`;
  return (
    <div
      className={styles.axis}
      role="slider"
      tabIndex={0}
      aria-label="Time of the run"
      aria-valuemin={0}
      aria-valuemax={Math.round(length)}
      aria-valuenow={Math.round(Math.max(0, (cursor ?? span.from) - span.from))}
      aria-valuetext={cursor === undefined ? "no time chosen" : shortDuration(cursor - start)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setHeld(true);
        onCursor(timeAt(event));
      }}
      onPointerMove={(event) => isHeld && onCursor(timeAt(event))}
      onPointerUp={() => setHeld(false)}
      onKeyDown={(event) => {
        const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (by !== 0) onCursor(Math.min(span.to, Math.max(span.from, (cursor ?? span.from) + (by * length) / PARTS)));
        else if (event.key === "Escape" && cursor !== undefined) onCursor(undefined);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      {ticks(length, MOST, span.from - start).map((tick) => (
        <span key={tick} className={styles.tick} style={{ left: place(start + tick) }}>
          {(start + tick - span.from) / length < LAST && tickLabel(tick)}
        </span>
      ))}
      {marks.map((mark) => (
        <span key={`${mark.at}-${mark.tone}`} className={styles.mark} style={{ left: `min(${place(mark.at)}, calc(100% - 4px))`, background: `var(--${mark.tone})` }} />
      ))}
      {cursor !== undefined && (
        <span className={styles.cursor} style={{ left: place(cursor) }}>
          <span className={styles.cursorLabel}>{shortDuration(cursor - start)}</span>
        </span>
      )}
    </div>
  );
}
