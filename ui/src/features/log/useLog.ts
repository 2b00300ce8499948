import { useMemo, useSyncExternalStore } from "react";
import { LogReader, type LogWanted } from "@/api/log";

/** A log as it is written. */
export function useLog({ run, step, attempt, tail, epoch }: LogWanted): { readonly reader: LogReader; readonly version: number } {
  const reader = useMemo(() => new LogReader({ run, step, attempt, tail, epoch }), [run, step, attempt, tail, epoch]);
  const version = useSyncExternalStore(reader.subscribe, reader.seen);
  return { reader, version };
}
