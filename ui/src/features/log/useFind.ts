import { useEffect, useState } from "react";
import type { LogReader } from "@/api/log";

/** Lines that are looked at in one go, so that the page goes on answering. */
const SLICE = 20_000;
const MOST = 50_000;

export interface Found {
  readonly lines: readonly number[];
  readonly isWhole: boolean;
}

const NONE: Found = { lines: [], isWhole: true };

/** The lines that have a text, more of them as the log is searched and written. */
export function useFind(reader: LogReader, count: number, wanted: string): Found {
  const [found, setFound] = useState<{ readonly reader: LogReader; readonly wanted: string; readonly at: number; readonly lines: readonly number[] }>();
  const isCurrent = found?.reader === reader && found.wanted === wanted;
  const at = isCurrent ? found.at : 0;
  useEffect(() => {
    if (wanted === "" || at >= count) return;
    const next = setTimeout(() => {
      const more = reader.text.find(wanted, at, SLICE);
      setFound((before) => {
        const lines = before?.reader === reader && before.wanted === wanted ? before.lines : [];
        const room = MOST - lines.length;
        return { reader, wanted, at: Math.min(at + SLICE, reader.text.count), lines: more.length > 0 ? [...lines, ...more.slice(0, room)] : lines };
      });
    });
    return () => clearTimeout(next);
  }, [reader, count, wanted, at]);
  if (wanted === "") return NONE;
  return { lines: isCurrent ? found.lines : [], isWhole: at >= count };
}
