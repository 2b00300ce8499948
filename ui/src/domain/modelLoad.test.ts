import { describe, expect, it } from "vitest";
import type { LoadSecond } from "@/api/types";
import { figuresOf, GRAIN, KEPT, lately, linesOf, loadWords, markOf, merged, milliseconds, minutesOf, rateWords, revisionsOf } from "./modelLoad";

const BEGIN = 1_700_000_000;
const second = (at: number, requests: number, more: Partial<LoadSecond> = {}): LoadSecond => ({ at: new Date((BEGIN + at) * 1000).toISOString(), revision: "old", requests, failed: 0, p50_ms: 4, p99_ms: 10, ...more });

describe("what is told of a load", () => {
  it("is put together: a second is told anew when it changes", () => {
    const first = merged(undefined, { at_work: 2, seconds: [second(0, 1), second(1, 2), second(1, 1, { revision: "new" })] });
    const next = merged(first, { at_work: 0, seconds: [second(1, 5), second(2, 1)] });
    expect(next.atWork).toBe(0);
    expect(next.seconds.map(({ revision, requests }) => `${revision} ${requests}`)).toEqual(["old 1", "old 5", "new 1", "old 1"]);
    expect(markOf(next)).not.toBe(markOf(first));
    expect(markOf(merged(next, { at_work: 1, seconds: [] }))).toBe(markOf(next));
  });

  it("is forgotten after ten minutes", () => {
    const load = merged(merged(undefined, { at_work: 0, seconds: [second(0, 1), second(1, 1)] }), { at_work: 0, seconds: [second(KEPT, 1)] });
    expect(load.seconds).toHaveLength(2);
    expect(lately(load, BEGIN + KEPT + 60)).toHaveLength(1);
    expect(lately(load, BEGIN + 2 * KEPT)).toEqual([]);
  });

  it("names revisions in an order that stays, what nobody was asked last", () => {
    expect(revisionsOf([second(0, 1, { revision: "" }), second(0, 1, { revision: "a-canary" }), second(1, 1, { revision: "a" })])).toEqual(["a", "a-canary", ""]);
  });
});

describe("seconds as one", () => {
  it.each([
    ["nothing", [], { requests: 0, failed: 0, rate: 0 }],
    ["one", [second(0, 5)], { requests: 5, failed: 0, rate: 0.5, p50: 4, p99: 10 }],
    ["by how many were asked", [second(0, 1, { p50_ms: 1, p99_ms: 99 }), second(1, 9, { p50_ms: 3, failed: 2 })], { requests: 10, failed: 2, rate: 1, p50: 3, p99: 99 }],
  ])("%s", (_, seconds, expected) => {
    expect(figuresOf(seconds, 10)).toEqual(expected);
  });

  it("make lines whose points stay where they are", () => {
    const seconds = [second(0, 5), second(1, 5, { failed: 5 }), second(3, 10, { revision: "new" })];
    const now = BEGIN + 7;
    const { times, revisions, failed } = linesOf(seconds, now);
    expect(times).toHaveLength(KEPT / GRAIN);
    const place = times.indexOf(BEGIN);
    expect(revisions.map(({ revision, rates, p50s }) => [revision, rates[place], p50s[place], p50s[place - 1]])).toEqual([
      ["new", 2, 4, null],
      ["old", 2, 4, null],
    ]);
    expect(failed[place]).toBe(1);
    expect(linesOf(seconds, now + 1).times).toEqual(times);
    expect(linesOf(seconds, now + GRAIN).times[place - 1]).toBe(BEGIN);
  });

  it("make minutes, newest first", () => {
    expect(minutesOf([second(0, 1), second(1, 2), second(65, 4)]).map(({ requests }) => requests)).toEqual([4, 3]);
  });
});

describe("words", () => {
  it.each([
    [0.44, "0.4 ms"],
    [9.96, "10 ms"],
    [999.6, "1.00 s"],
    [1250, "1.25 s"],
  ])("a time of %f ms is %s", (value, words) => expect(milliseconds(value)).toBe(words));

  it.each([
    [0, "0"],
    [0.017, "0.02"],
    [0.25, "0.3"],
    [3, "3.0"],
    [120.4, "120"],
  ])("a rate of %f is %s", (value, words) => expect(rateWords(value)).toBe(words));

  it.each([
    [5, "0.1 requests a second in the last minute; half took up to 4.0 ms, 99 of 100 up to 10 ms. 1 of 6 failed in ten minutes."],
    [120, "Nobody asked it in the last minute; 6 requests before. 1 of 6 failed in ten minutes."],
  ])("after %i seconds", (after, words) => expect(loadWords({ atWork: 0, seconds: [second(0, 6, { failed: 1 })] }, BEGIN + after)).toBe(words));
});
