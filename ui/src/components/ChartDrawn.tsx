import { useEffect, useLayoutEffect, useRef, useState } from "react";
import Plot from "uplot";
import "uplot/dist/uPlot.min.css";
import styles from "./Chart.module.css";

export interface ChartLine {
  readonly key: string;
  readonly title: string;
  /** The token of its colour. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly look?: "line" | "dashed" | "filled" | undefined;
}

export interface ChartProps {
  readonly label: string;
  /** The seconds at which the values are. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  /** A value in words. */
  readonly words: (value: number) => string;
  /** The scale goes up to this at least: what is next to nothing does not look like much. */
  readonly least: number;
}

const HEIGHT = 160;

export default function ChartDrawn(props: ChartProps) {
  const { label, times, lines, words } = props;
  const theme = useTheme();
  const [pointed, setPointed] = useState<number | null>(null);
  const shape = lines.map(({ key, colour, look }) => `${key} ${colour} ${look}`).join("\n");
  const at = pointed === null ? undefined : times[pointed];
  return (
    <>
      <figcaption className={styles.head}>
        <div className={styles.title}>{label}</div>
        {pointed !== null && at !== undefined && (
          <div className={styles.pointed} aria-hidden>
            {new Date(at * 1000).toLocaleTimeString([], { hourCycle: "h23" })}
            {lines.map(({ key, title, colour, look, values }) => {
              const value = values[pointed];
              return typeof value === "number" && <Value key={key} title={title} colour={colour} isHollow={look === "dashed"} text={words(value)} />;
            })}
          </div>
        )}
      </figcaption>
      <Canvas key={`${theme} ${shape}`} {...props} onPoint={setPointed} />
    </>
  );
}

const Value = ({ title, colour, isHollow, text }: { readonly title: string; readonly colour: string; readonly isHollow: boolean; readonly text: string }) => (
  <span title={title}>
    <span className={styles.dot} style={{ borderColor: `var(--${colour})`, background: isHollow ? "none" : `var(--${colour})` }} />
    {text}
  </span>
);

interface CanvasProps extends ChartProps {
  readonly onPoint: (index: number | null) => void;
}

/** Is made anew with other lines, or other colours. */
function Canvas(props: CanvasProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot>(undefined);
  const latest = useRef(props);
  useLayoutEffect(() => void (latest.current = props));
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new Plot(options(element, latest.current.lines, () => latest.current), dataOf(latest.current), element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, []);
  const { times, lines } = props;
  useEffect(() => plot.current?.setData(dataOf({ times, lines })), [times, lines]);
  return <div ref={place} className={styles.canvas} aria-hidden />;
}

const dataOf = ({ times, lines }: Pick<ChartProps, "times" | "lines">) => [times, ...lines.map(({ values }) => values)] as Plot.AlignedData;

function options(element: HTMLElement, lines: readonly ChartLine[], latest: () => CanvasProps): Plot.Options {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const axis = { stroke: token("muted"), font: `${token("size-small")} ${token("font")}`, ticks: { show: false } };
  const grid = { stroke: token("line"), width: 1 };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [4, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_, __, most) => [0, Math.max(latest().least, (most ?? 0) * 1.1)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 24, space: 70, values: (_, ticks) => ticks.map((tick) => new Date(tick * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })) },
      { ...axis, grid, size: 52, space: 36, values: (_, ticks) => ticks.map((tick) => latest().words(tick)) },
    ],
    series: [{}, ...lines.map((line) => series(line, token(line.colour)))],
    hooks: { setCursor: [({ cursor }) => latest().onPoint(cursor.idx ?? null)] },
  };
}

const series = ({ look }: ChartLine, colour: string): Plot.Series => ({
  stroke: colour,
  width: 1.5,
  // A value without neighbours is no line.
  points: { show: look !== "filled", filter: lonely, size: 4, fill: colour },
  ...(look === "dashed" && { dash: [4, 3] }),
  ...(look === "filled" && { fill: colour, stroke: "transparent" }),
});

/** The values that have no neighbour. */
function lonely(plot: Plot, index: number): number[] {
  const values = plot.data[index] ?? [];
  const isThere = (at: number) => typeof values[at] === "number";
  return Array.from(values, (_, at) => at).filter((at) => isThere(at) && !isThere(at - 1) && !isThere(at + 1));
}

const root = document.documentElement;

/** The theme that is shown, which is known only there. */
function useTheme(): string | undefined {
  const [theme, setTheme] = useState(root.dataset["theme"]);
  useEffect(() => {
    const watch = new MutationObserver(() => setTheme(root.dataset["theme"]));
    watch.observe(root, { attributeFilter: ["data-theme"] });
    return () => watch.disconnect();
  }, []);
  return theme;
}
