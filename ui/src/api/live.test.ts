import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, expect, it, vi } from "vitest";
import { follow } from "./live";

afterEach(() => vi.unstubAllGlobals());

it("asks anew for what changes all the time without breaking off an answer, and in the end has the last", async () => {
  let tell: (message: { data: string }) => void = () => undefined;
  vi.stubGlobal(
    "EventSource",
    class {
      set onmessage(listener: typeof tell) {
        tell = listener;
      }
      close = () => undefined;
    },
  );
  const queries = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  let state = 0;
  let broken = 0;
  let asked = 0;
  const queryFn = ({ signal }: { signal: AbortSignal }) =>
    new Promise<number>((done) => {
      asked += 1;
      const seen = state;
      signal.addEventListener("abort", () => (broken += 1));
      setTimeout(() => done(seen), 20);
    });
  const observer = new QueryObserver(queries, { queryKey: ["run", "one"], queryFn });
  const stopWatching = observer.subscribe(() => undefined);
  const stop = follow(queries, () => undefined);
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe(0));
  for (state = 1; state <= 20; state += 1) {
    tell({ data: JSON.stringify({ topics: [], runs: ["one"] }) });
    // oxlint-disable-next-line no-await-in-loop -- one change after the other
    await new Promise((done) => setTimeout(done, 3));
  }
  tell({ data: JSON.stringify({ topics: [], runs: ["one"] }) });
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe(21));
  expect(broken).toBe(0);
  expect(asked).toBeLessThan(10);
  stop();
  stopWatching();
});
