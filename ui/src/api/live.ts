// What changes at the workbench, over one connection for the whole page: what is shown and has changed is asked for anew.
//
// The first word of a query's key is its topic: a kind of record ("runs", "pipelines") or a resource of the Kubernetes
// API ("pods", "notebooks"). What belongs to one run has the key ["run", ID, ...].

import type { Query, QueryClient } from "@tanstack/react-query";
import { OWN } from "./client";

/** One message of `GET /changes`. */
interface Changes {
  readonly topics: readonly string[];
  readonly runs: readonly string[];
}

export type Connection = "connecting" | "live" | "lost";

/** A connection that is back within this many milliseconds was never away, for those who look. */
const GRACE = 4000;

/** The mark of a query whose answer is not the workbench's own, so that nothing is told of it. */
export const IS_ELSEWHERE = "isElsewhere";

/** Follows the workbench until it is told to stop. `onState` hears of a connection that breaks and comes back. */
export function follow(queries: QueryClient, onState: (state: Connection) => void): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let grace: ReturnType<typeof setTimeout> | undefined;
  let isNew = true;

  // What is under way may be older than what was just told. It is waited for and asked once more: a run that changes all the
  // time would break off every answer that is longer than the pause between two changes.
  const late = new Set<Query>();
  const renew = (query: Query): void => {
    query.invalidate();
    const isUnderWay = query.state.fetchStatus === "fetching" && query.state.fetchFailureCount === 0;
    if (!isUnderWay) {
      void queries.refetchQueries({ queryKey: query.queryKey, exact: true, type: "active" });
    } else if (!late.has(query)) {
      late.add(query);
      void Promise.allSettled([query.promise]).then(() => {
        late.delete(query);
        renew(query);
      });
    }
  };
  const renewAll = (queryKey: readonly string[]): void => queries.getQueryCache().findAll({ queryKey, predicate: ({ meta }) => meta?.[IS_ELSEWHERE] !== true }).forEach(renew);

  const connect = () => {
    source = new EventSource(`${OWN}/changes`);
    source.onopen = () => {
      clearTimeout(grace);
      grace = undefined;
      onState("live");
      isNew = true;
    };
    source.onmessage = (message: MessageEvent<string>) => {
      // From its first message on, nothing is missed. Whatever happened before it was not told, on the first connection as on
      // every later one: the page's first answers are made while the connection is.
      if (isNew) renewAll([]);
      isNew = false;
      const changes = JSON.parse(message.data) as Changes;
      for (const topic of changes.topics) renewAll([topic]);
      for (const run of changes.runs) renewAll(["run", run]);
    };
    source.onerror = () => {
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
