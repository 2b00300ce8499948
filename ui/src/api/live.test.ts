import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { follow } from "./live";

/** The page's connection, as far as it listens to it. */
class Stream {
  static last: Stream;
  onopen: () => void = () => undefined;
  onmessage: (message: { readonly data: string }) => void = () => undefined;
  close = () => undefined;
  constructor() {
    Stream.last = this;
  }
}

beforeEach(() => void vi.stubGlobal("EventSource", Stream));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const tell = (...runs: string[]) => Stream.last.onmessage({ data: JSON.stringify({ topics: [], runs }) });

/** The connection is there, and has said so. */
const connect = () => {
  Stream.last.onopen();
  tell();
};

/** Something that is shown, of which each answer is what was so when it was asked for, and comes when it is let go. */
function shown() {
  const queries = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  const answers: (() => void)[] = [];
  let state = "before";
  const observer = new QueryObserver(queries, {
    queryKey: ["run", "one"],
    queryFn: () => {
      const seen = state;
      return new Promise<string>((done) => answers.push(() => done(seen)));
    },
  });
  const leave = observer.subscribe(() => undefined);
  return { queries, answers, observer, leave, change: () => (state = "after"), data: () => observer.getCurrentResult().data };
}

it("asks anew for what was answered before the connection was there", async () => {
  const { queries, answers, change, data, leave } = shown();
  const stop = follow(queries, () => undefined);
  answers[0]?.();
  await vi.waitFor(() => expect(data()).toBe("before"));
  change();
  connect();
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[1]?.();
  await vi.waitFor(() => expect(data()).toBe("after"));
  stop();
  leave();
});

it("asks anew for a first answer that was on its way when a change was told", async () => {
  const { queries, answers, change, data, leave } = shown();
  const stop = follow(queries, () => undefined);
  change();
  tell("one");
  answers[0]?.();
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[1]?.();
  await vi.waitFor(() => expect(data()).toBe("after"));
  stop();
  leave();
});

it("does not keep an answer that came, older than a change, when nobody looked any more", async () => {
  const { queries, answers, change, observer, leave } = shown();
  const stop = follow(queries, () => undefined);
  connect();
  leave();
  change();
  tell("one");
  answers[0]?.();
  await vi.waitFor(() => expect(queries.getQueryState(["run", "one"])).toMatchObject({ data: "before", isInvalidated: true }));
  const again = observer.subscribe(() => undefined);
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  stop();
  again();
});

it("asks anew for what changes all the time without breaking off an answer, and in the end has the last", async () => {
  vi.useFakeTimers();
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
  await vi.advanceTimersByTimeAsync(50);
  expect(observer.getCurrentResult().data).toBe(0);
  for (state = 1; state <= 20; state += 1) {
    tell("one");
    // oxlint-disable-next-line no-await-in-loop -- one change after the other
    await vi.advanceTimersByTimeAsync(3);
  }
  tell("one");
  await vi.advanceTimersByTimeAsync(100);
  expect(observer.getCurrentResult().data).toBe(21);
  expect(broken).toBe(0);
  expect(asked).toBeLessThan(10);
  stop();
  stopWatching();
});
