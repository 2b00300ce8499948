// How much a model server has to do, told second by second for as long as somebody looks.

import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { type Load, merged } from "@/domain/modelLoad";
import { at, type Named } from "./modelRequests";
import type { ServerLoad } from "./types";

/** The first pause before a connection is made anew, and the longest, in milliseconds. */
const PAUSE = 1000;
const LONGEST_PAUSE = 15_000;

/** It is put there by `followLoad`, and asks for nothing itself. */
export const modelLoad = ({ namespace, name }: Named) => queryOptions<Load>({ queryKey: ["model-load", namespace, name], enabled: false, staleTime: Number.POSITIVE_INFINITY });

/** Follows it until it is told to stop; not while the page is hidden, as nobody reads it then. `onLost` hears of a connection that breaks, and of its return. */
export function followLoad(queries: QueryClient, server: Named, onLost: (isLost: boolean) => void): () => void {
  const { queryKey } = modelLoad(server);
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let pause = PAUSE;
  const connect = () => {
    source = new EventSource(at(server, "load"));
    source.onmessage = (message: MessageEvent<string>) => {
      pause = PAUSE;
      onLost(false);
      queries.setQueryData(queryKey, (before) => merged(before, JSON.parse(message.data) as ServerLoad));
    };
    source.onerror = () => {
      onLost(true);
      // A browser gives up on an answer that is no stream, as from a workbench that is going down.
      if (source?.readyState !== EventSource.CLOSED) return;
      retry = setTimeout(connect, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    };
  };
  const leave = () => {
    clearTimeout(retry);
    source?.close();
    source = undefined;
  };
  const look = () => {
    leave();
    if (!document.hidden) connect();
  };
  look();
  document.addEventListener("visibilitychange", look);
  return () => {
    document.removeEventListener("visibilitychange", look);
    leave();
  };
}
