// What changes at the workbench, over one connection for the whole page: what is shown and has changed is asked for anew.
//
// The first word of a query's key is its topic: a kind of record ("runs", "pipelines") or a resource of the Kubernetes
// API ("pods", "notebooks"). What belongs to one run has the key ["run", ID, ...].

import type { QueryClient } from "@tanstack/react-query";
import { OWN } from "./client";

/** One message of `GET /changes`. */
interface Changes {
  readonly topics: readonly string[];
  readonly runs: readonly string[];
}

export type Connection = "connecting" | "live" | "lost";

/** A connection that is back within this many milliseconds was never away, for those who look. */
const GRACE = 4000;

/** Follows the workbench until it is told to stop. `onState` hears of a connection that breaks and comes back. */
export function follow(queries: QueryClient, onState: (state: Connection) => void): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let grace: ReturnType<typeof setTimeout> | undefined;
  let wasLost = false;

  // Each key, and whether it changed again while it was asked for. What is under way is waited for and asked once more: a run
  // that changes all the time would break off every answer that is longer than the pause between two changes.
  const asked = new Map<string, boolean>();
  const renew = async (queryKey: readonly string[]) => {
    const name = JSON.stringify(queryKey);
    const isAsked = asked.has(name);
    asked.set(name, isAsked);
    if (isAsked) return;
    await queries.invalidateQueries({ queryKey });
    const isOld = asked.get(name) === true;
    asked.delete(name);
    if (isOld) await renew(queryKey);
  };

  const connect = () => {
    source = new EventSource(`${OWN}/changes`);
    source.onopen = () => {
      clearTimeout(grace);
      grace = undefined;
      onState("live");
      // Whatever happened meanwhile was not told.
      if (wasLost) void queries.invalidateQueries();
      wasLost = false;
    };
    source.onmessage = (message: MessageEvent<string>) => {
      const changes = JSON.parse(message.data) as Changes;
      for (const topic of changes.topics) void renew([topic]);
      for (const run of changes.runs) void renew(["run", run]);
    };
    source.onerror = () => {
      wasLost = true;
      grace ??= setTimeout(() => onState("lost"), GRACE);
      // A browser gives up on an answer that is no stream, as from a workbench that is going down.
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(connect, 1000);
    };
  };
  connect();
  return () => {
    clearTimeout(retry);
    clearTimeout(grace);
    source?.close();
  };
}
