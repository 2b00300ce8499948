import { type Ref, useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import type { LogPages } from "@/domain/logPages";
import { LineRow } from "./LineRow";
import styles from "./Log.module.css";

/** As in the style sheet. */
const LINE = 18;
const BEYOND = 12;
/** Browsers have no higher elements. A longer log moves by more than one scrolls. */
const HIGHEST = 16_000_000;

export interface LinesHandle {
  readonly show: (line: number) => void;
}

interface Props {
  readonly ref?: Ref<LinesHandle>;
  readonly text: LogPages;
  readonly label: string;
  readonly find: string;
  readonly marked?: number | undefined;
  readonly failing?: number | undefined;
  readonly wraps: boolean;
  /** Says which step wrote each line. */
  readonly hasSteps: boolean;
  readonly isFollowing: boolean;
  readonly onFollow: (isFollowing: boolean) => void;
  readonly onLine: (line: number) => void;
  /** Called with the lines that are drawn, when these are others. */
  readonly onSight: (first: number, end: number) => void;
}

/** The lines in sight of a log of any length. Lines that wrap begin where one has scrolled to. */
export function Lines({ ref, text, label, find, marked, failing, wraps, hasSteps, isFollowing, onFollow, onLine, onSight }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const [place, setPlace] = useState({ top: 0, height: 600 });
  const { count } = text;
  const inSight = Math.ceil(place.height / LINE);
  const total = Math.min(count * LINE, HIGHEST);
  const ratio = total < count * LINE ? (count * LINE - place.height) / (total - place.height) : 1;
  const isAtEnd = wraps && place.top + place.height >= total - 1;
  const top = place.top * ratio;
  const first = isAtEnd ? Math.max(0, count - inSight - 1) : Math.max(0, Math.floor(top / LINE) - (wraps ? 0 : BEYOND));
  const last = Math.min(count, first + inSight + (wraps ? 1 : 2 * BEYOND));
  useEffect(() => onSight(first, last), [onSight, first, last]);

  const scroll = useCallback((to: number) => {
    if (frame.current) frame.current.scrollTop = to;
  }, []);
  useImperativeHandle(
    ref,
    () => ({
      show: (line) => {
        // A move that nobody made by hand takes no hold of the end.
        lastTop.current = Number.MAX_VALUE;
        scroll(Math.max(0, line * LINE - (frame.current?.clientHeight ?? 0) / 3) / ratio);
      },
    }),
    [scroll, ratio],
  );
  useLayoutEffect(() => {
    if (isFollowing) scroll(total);
  }, [isFollowing, total, scroll]);
  // What one reads stays where it is when the log becomes too long for its height.
  const lastRatio = useRef(ratio);
  useLayoutEffect(() => {
    if (frame.current && lastRatio.current !== ratio && !isFollowing) scroll((frame.current.scrollTop * lastRatio.current) / ratio);
    lastRatio.current = ratio;
  }, [ratio, isFollowing, scroll]);
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setPlace((before) => ({ ...before, height: element.clientHeight })));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  const width = `${Math.max(3, String(count).length)}ch`;
  return (
    <div
      ref={frame}
      className={styles.lines}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys
      tabIndex={0}
      role="region"
      aria-label={label}
      onScroll={(event) => {
        const { scrollTop, clientHeight, scrollHeight } = event.currentTarget;
        // Going up lets go; coming to the end takes hold again.
        if (scrollTop < lastTop.current - 1) onFollow(false);
        else if (!isFollowing && scrollTop > lastTop.current && scrollTop + clientHeight >= scrollHeight - 1) onFollow(true);
        lastTop.current = scrollTop;
        setPlace({ top: scrollTop, height: clientHeight });
      }}
    >
      <div className={styles.all} style={{ height: Math.max(total, 1) }}>
        <div
          className={`${styles.block} ${wraps ? styles.wraps : ""}`}
          style={isAtEnd ? { bottom: 0 } : { top: wraps ? place.top : place.top - (top - first * LINE) }}
        >
          {Array.from({ length: Math.max(0, last - first) }, (_, offset) => {
            const index = first + offset;
            const line = text.line(index);
            const tone = index === failing ? "failing" : index === marked ? "marked" : line?.stream === "stderr" ? "stderr" : undefined;
            return <LineRow key={index} index={index} line={line} tone={tone} width={width} hasStep={hasSteps} find={find} onLine={onLine} />;
          })}
        </div>
      </div>
    </div>
  );
}
