import { useEffect, useState } from "react";
import type { LogReader } from "@/api/log";

/** More lines than this nobody steps through. */
const MOST = 50_000;
/** How long is waited for one who types, in milliseconds. */
const TYPING = 80;

export interface Found {
  readonly lines: readonly number[];
  readonly isWhole: boolean;
  /** There may be more, which are not looked for. */
  readonly isFull: boolean;
}

const NONE: Found = { lines: [], isWhole: true, isFull: false };

/** The lines that have a text, more of them as the log is searched and written. */
export function useFind(reader: LogReader, count: number, wanted: string): Found {
  const [found, setFound] = useState<{ readonly reader: LogReader; readonly wanted: string; readonly at: number; readonly lines: readonly number[] }>();
  const isCurrent = found?.reader === reader && found.wanted === wanted;
  const at = isCurrent ? found.at : 0;
  const isFull = isCurrent && found.lines.length >= MOST;
  const isBehind = wanted !== "" && at < count && !isFull;
  useEffect(() => {
    if (!isBehind) return;
    const stopping = new AbortController();
    const search = async () => {
      const more = await reader.find(wanted, at, stopping.signal);
      setFound((before) => {
        const lines = before?.reader === reader && before.wanted === wanted ? before.lines : [];
        const room = MOST - lines.length;
        return { reader, wanted, at: more.next, lines: more.lines.length > 0 ? [...lines, ...more.lines.slice(0, room)] : lines };
      });
    };
    // What fails is asked for again with the next text, or when more is written.
    const next = setTimeout(() => void search().catch(() => undefined), at === 0 ? TYPING : 0);
    return () => {
      clearTimeout(next);
      stopping.abort();
    };
  }, [reader, isBehind, wanted, at]);
  if (wanted === "") return NONE;
  return { lines: isCurrent ? found.lines : [], isWhole: !isBehind, isFull };
}
