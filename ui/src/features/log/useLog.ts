import { useMemo, useSyncExternalStore } from "react";
import { LogReader, type LogWanted } from "@/api/log";

/** A log as it is written. */
export function useLog({ run, step, attempt, tail, epoch, byPage }: LogWanted): { readonly reader: LogReader; readonly version: number } {
  const reader = useMemo(() => new LogReader({ run, step, attempt, tail, epoch, byPage }), [run, step, attempt, tail, epoch, byPage]);
  const version = useSyncExternalStore(reader.subscribe, reader.seen);
  return { reader, version };
}
