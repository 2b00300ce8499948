import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronRight, Maximize, Minus, Plus, Route } from "lucide-react";
import { memo, useMemo, useRef, useState } from "react";
import type { Task } from "@/api/types";
import { Button } from "@/components/Button";
import { Empty } from "@/components/Empty";
import { StateIcon } from "@/components/Icon";
import { Took } from "@/components/Time";
import { shownTask } from "@/domain/state";
import { shortDuration } from "@/domain/time";
import { type Bar, type Row, rowsOf, type Span } from "@/domain/timeline";
import { Axis } from "./Axis";
import styles from "./Timeline.module.css";
import { useZoom } from "./useZoom";

const ROW = 28;
/** Loops of more iterations are closed at first. */
const MANY = 12;

interface Props {
  readonly tasks: readonly Task[];
  readonly span: Span;
  readonly critical: ReadonlySet<string>;
  readonly selected: string | undefined;
  readonly onSelect: (path: string) => void;
  readonly cursor: number | undefined;
  readonly onCursor: (time: number | undefined) => void;
}

/** Tasks along the time: attempts as bars, groups around what is in them, the critical path marked. */
export function Timeline({ tasks, span, critical, selected, onSelect, cursor, onCursor }: Props) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const closed = useMemo(() => {
    const many = new Set(closedAtFirst(tasks));
    for (const path of toggled) if (!many.delete(path)) many.add(path);
    return many;
  }, [tasks, toggled]);
  const rows = useMemo(() => rowsOf(tasks, closed), [tasks, closed]);
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => frame.current, estimateSize: () => ROW, overscan: 10 });
  const toggle = (path: string) =>
    setToggled((before) => {
      const now = new Set(before);
      if (!now.delete(path)) now.add(path);
      return now;
    });
  const section = useRef<HTMLElement>(null);
  const zoom = useZoom(section, span);
  if (rows.length === 0) return <Empty title="Nothing has begun yet">Each task is a row here, with a bar for each attempt.</Empty>;
  const { shown } = zoom;
  const length = shown.to - shown.from;
  return (
    <section ref={section} className={styles.timeline} aria-label="Timeline">
      <div className={styles.head}>
        <div className={styles.legend}>
          <span className={`${styles.sample} ${styles.queued}`} /> waiting
          <span className={`${styles.sample} ${styles.running}`} /> running
          <Route size={13} aria-hidden /> critical path
          <span className={styles.zoom}>
            <Button kind="quiet" aria-label="Less of the time" title="Nearer (Ctrl and wheel)" icon={<Plus size={14} />} onClick={() => zoom.by(0.5, cursor)} />
            <Button kind="quiet" aria-label="More of the time" title="Farther (Ctrl and wheel)" icon={<Minus size={14} />} disabled={!zoom.isZoomed} onClick={() => zoom.by(2, cursor)} />
            <Button kind="quiet" aria-label="All of the time" title="All of it" icon={<Maximize size={13} />} disabled={!zoom.isZoomed} onClick={zoom.all} />
          </span>
        </div>
        <div className={styles.track} data-track>
          <Axis span={shown} start={span.from} cursor={cursor} onCursor={onCursor} />
        </div>
      </div>
      <div ref={frame} className={styles.rows} role="list" aria-label="Tasks">
        <div className={styles.all} style={{ height: virtual.getTotalSize() }} role="presentation">
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <div key={row.path} role="listitem" className={`${styles.row} ${row.path === selected ? styles.selected : ""}`} style={{ transform: `translateY(${item.start}px)` }}>
                  <Name row={row} isClosed={closed.has(row.path)} isCritical={critical.has(row.path)} onToggle={toggle} onSelect={onSelect} />
                  <button type="button" tabIndex={-1} className={styles.track} aria-label={`Show ${row.title}`} onClick={() => onSelect(row.path)}>
                    {row.bars.map((bar) => (
                      <BarLine key={`${bar.from}-${bar.kind}`} bar={bar} from={shown.from} end={span.to} length={length} isCritical={critical.has(row.path)} />
                    ))}
                  </button>
                </div>
              )
            );
          })}
          {cursor !== undefined && (
            <div className={styles.over}>
              <div className={styles.line} style={{ left: `${((cursor - shown.from) / length) * 100}%` }} />
            </div>
          )}
        </div>
      </div>
    </section>
  );
}

interface NameProps {
  readonly row: Row;
  readonly isClosed: boolean;
  readonly isCritical: boolean;
  readonly onToggle: (path: string) => void;
  readonly onSelect: (path: string) => void;
}

const Name = memo(function Name({ row, isClosed, isCritical, onToggle, onSelect }: NameProps) {
  return (
    <div className={styles.name} style={{ paddingLeft: 4 + Math.min(row.depth, 8) * 14 }}>
      {row.holds ? (
        <button type="button" className={styles.fold} aria-label={`${isClosed ? "Open" : "Close"} ${row.title}`} aria-expanded={!isClosed} onClick={() => onToggle(row.path)}>
          {isClosed ? <ChevronRight size={14} /> : <ChevronDown size={14} />}
        </button>
      ) : (
        <span className={styles.fold} />
      )}
      <button type="button" className={styles.title} title={row.path} onClick={() => onSelect(row.path)}>
        <StateIcon shown={shownTask(row.task.state, row.task.cached)} size={13} label />
        <span>{row.title}</span>
      </button>
      {isCritical && <Route size={12} className={styles.route} role="img" aria-label="On the critical path" />}
      <span className={styles.took}>
        <Took from={row.task.started_at} to={row.task.finished_at} />
      </span>
    </div>
  );
});

interface BarProps {
  readonly bar: Bar;
  readonly from: number;
  readonly end: number;
  readonly length: number;
  readonly isCritical: boolean;
}

function BarLine({ bar, from, end, length, isCritical }: BarProps) {
  const to = bar.to ?? end;
  return (
    <span
      className={`${styles.bar} ${styles[bar.kind]} ${isCritical && bar.kind === "running" ? styles.critical : ""}`}
      title={`${bar.word}, ${shortDuration(to - bar.from)}`}
      style={{ left: `${((bar.from - from) / length) * 100}%`, width: `${(Math.max(0, to - bar.from) / length) * 100}%`, color: `var(--${bar.tone})` }}
    />
  );
}

function closedAtFirst(tasks: readonly Task[]): readonly string[] {
  const iterations = new Map<string, number>();
  for (const task of tasks) {
    if (task.kind !== "iteration") continue;
    const loop = task.path.slice(0, task.path.lastIndexOf("["));
    iterations.set(loop, (iterations.get(loop) ?? 0) + 1);
  }
  return [...iterations].filter(([, count]) => count > MANY).map(([loop]) => loop);
}
