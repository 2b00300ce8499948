import { useEffect, useState } from "react";
import type { LogReader } from "@/api/log";

/** The first line that was written at a time that is pointed at elsewhere. The one before stays until it is known. */
export function useSince(reader: LogReader, time: number | undefined): number | undefined {
  const [found, setFound] = useState<{ readonly reader: LogReader; readonly line: number }>();
  useEffect(() => {
    if (time === undefined) return;
    const stopping = new AbortController();
    const look = async () => setFound({ reader, line: await reader.since(time, stopping.signal) });
    // The next time that is pointed at asks again.
    void look().catch(() => undefined);
    return () => stopping.abort();
  }, [reader, time]);
  return time === undefined || found?.reader !== reader ? undefined : Math.min(found.line, reader.text.count - 1);
}
