import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PAGE } from "@/domain/logPages";
import { LogReader } from "./log";

const line = (number: number) => ({ step: "talk", attempt: 1, stream: "stdout", at: "2026-01-01T00:00:00Z", text: `line ${number}` });
const json = (body: object) => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });

/** A workbench that has a log of so many lines, of which the rest comes as it is told to. */
function workbench(total: number, over: boolean, streams: readonly (() => Response)[] = []) {
  const asked: string[] = [];
  const rest = [...streams];
  vi.stubGlobal("fetch", async (address: string) => {
    const url = new URL(address, "http://localhost");
    asked.push(url.pathname.split("/").at(-1) + url.search);
    const number = (name: string) => Number(url.searchParams.get(name) ?? 0);
    if (url.pathname.endsWith("/log-lines")) {
      const first = url.searchParams.has("since") ? 700 : number("from");
      return json({ total, over, first, lines: Array.from({ length: Math.min(number("limit"), total - first) }, (_, index) => line(first + index)) });
    }
    if (url.pathname.endsWith("/log-matches")) return json({ total, lines: number("from") === 0 ? [3] : [1200, total + 5], ...(number("from") === 0 && { next: 1000 }) });
    return rest.shift()?.() ?? new Response("");
  });
  return asked;
}

const sent = (...numbers: number[]) => numbers.map((number) => `${JSON.stringify(line(number))}\n`).join("");
/** An answer that breaks off. */
const broken = (text: string) => () =>
  new Response(
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
      pull: (controller) => controller.error(new TypeError("network changed")),
    }),
  );

describe("a log that is read by page", () => {
  let stop: () => void = () => undefined;
  const read = (attempt: number | undefined = 1) => {
    const reader = new LogReader({ run: "r", step: "talk", attempt, byPage: true });
    stop = reader.subscribe(() => undefined);
    return reader;
  };

  beforeEach(() => vi.stubGlobal("requestAnimationFrame", (call: () => void) => setTimeout(call)));
  afterEach(() => {
    stop();
    vi.unstubAllGlobals();
  });

  it("knows at once how long it is, and asks for the lines that somebody looks at", async () => {
    const asked = workbench(10 * PAGE, true);
    const reader = read();
    await vi.waitFor(() => expect(reader.state).toBe("whole"));
    expect([reader.text.count, reader.text.line(0)?.text, reader.text.line(5 * PAGE)]).toEqual([10 * PAGE, "line 0", undefined]);
    reader.look("lines", 5 * PAGE + 300, 5 * PAGE + 340);
    await vi.waitFor(() => expect(reader.text.line(5 * PAGE + 300)?.text).toBe(`line ${5 * PAGE + 300}`));
    // What is near is there before one comes to it; nothing else is asked for.
    await vi.waitFor(() => expect(reader.text.line(6 * PAGE)?.text).toBe(`line ${6 * PAGE}`));
    expect(asked.map((one) => new URLSearchParams(one.split("?")[1]).get("from"))).toEqual([null, String(5 * PAGE), String(6 * PAGE)]);
  });

  it("goes on behind the last line while it is written, also when the connection broke", async () => {
    const asked = workbench(1000, false, [broken(sent(1000, 1001)), () => new Response(sent(1002))]);
    const reader = read();
    await vi.waitFor(() => expect(reader.state).toBe("whole"), { timeout: 5000 });
    expect([1000, 1001, 1002, 1003].map((number) => reader.text.line(number)?.text)).toEqual(["line 1000", "line 1001", "line 1002", undefined]);
    const streams = asked.filter((one) => one.startsWith("log?"));
    expect(streams.map((one) => new URLSearchParams(one.split("?")[1]).get("from"))).toEqual(["1000", "1002"]);
  });

  it("is searched by the workbench, and what was written since as it came", async () => {
    workbench(1500, false, [() => new Response(sent(1500, 1501))]);
    const reader = read();
    await vi.waitFor(() => expect(reader.state).toBe("whole"));
    const { signal } = new AbortController();
    expect(await reader.find("line", 0, signal)).toEqual({ lines: [3], next: 1000 });
    expect(await reader.find("line", 1000, signal)).toEqual({ lines: [1200], next: 1500 });
    expect(await reader.find("1501", 1500, signal)).toEqual({ lines: [1501], next: 1502 });
    expect(await reader.since(Date.parse("2026-01-01"), signal)).toBe(700);
  });
});
