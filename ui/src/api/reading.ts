import { Refused } from "./client";

/** How long to wait before a connection that broke is made again, in milliseconds. */
const AGAIN = 1000;

/** Reads a stream to its end, anew whenever its connection breaks; a refusal ends it. The function that it returns stops it. */
export function keepReading(read: (signal: AbortSignal) => Promise<void>, refused: (error: Refused) => void): () => void {
  const stop = new AbortController();
  let retry: ReturnType<typeof setTimeout> | undefined;
  const follow = (): void =>
    void read(stop.signal).catch((failed: unknown) => {
      if (stop.signal.aborted) return;
      if (failed instanceof Refused) refused(failed);
      else retry = setTimeout(follow, AGAIN);
    });
  follow();
  return () => {
    stop.abort();
    clearTimeout(retry);
  };
}
