import { describe, expect, it } from "vitest";
import { LogPages, PAGE } from "./logPages";
import type { LogLine } from "./logText";

const line = (number: number): LogLine => ({ step: "talk", attempt: 1, stream: "stdout", at: "2026-01-01T00:00:00Z", text: `line ${number}` });
const page = (number: number): readonly LogLine[] => Array.from({ length: PAGE }, (_, index) => line(number * PAGE + index));

function opened(lines: number): LogPages {
  const log = new LogPages();
  log.base = lines;
  return log;
}

describe("a log by its pages", () => {
  it("has lines that were there, and those that were written since", () => {
    const log = opened(2 * PAGE);
    log.put(1, page(1));
    log.rest.append(new TextEncoder().encode(`${JSON.stringify(line(2 * PAGE))}\n`));
    expect(log.count).toBe(2 * PAGE + 1);
    expect([PAGE - 1, PAGE, 2 * PAGE - 1, 2 * PAGE, 2 * PAGE + 1].map((index) => log.line(index)?.text)).toEqual([
      undefined,
      `line ${PAGE}`,
      `line ${2 * PAGE - 1}`,
      `line ${2 * PAGE}`,
      undefined,
    ]);
  });

  it.each([
    [0, 10, 0],
    [-5, 10, 0],
    [PAGE, PAGE + 10, undefined],
    [PAGE + 10, 2 * PAGE + 1, 2],
    [3 * PAGE, 4 * PAGE, undefined],
    [3 * PAGE - 10, 9 * PAGE, 2],
  ])("says what is missing of the lines from %i to %i", (first, end, expected) => {
    const log = opened(3 * PAGE);
    log.put(1, page(1));
    expect(log.missing(first, end)).toBe(expected);
  });

  it("forgets what was not looked at for long", () => {
    const log = opened(100 * PAGE);
    for (let number = 0; number < 100; number += 1) log.put(number, page(number));
    expect(log.line(0)).toBeUndefined();
    log.missing(40 * PAGE, 41 * PAGE);
    for (let number = 0; number < 20; number += 1) log.put(number, page(number));
    expect(log.line(41 * PAGE)).toBeUndefined();
    expect(log.line(40 * PAGE)?.text).toBe(`line ${40 * PAGE}`);
    expect(log.line(99 * PAGE)?.text).toBe(`line ${99 * PAGE}`);
  });
});
