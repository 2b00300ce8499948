import { describe, expect, it } from "vitest";
import { duration, relativeTime, shortDuration } from "./time";

describe("durations", () => {
  it.each([
    [400, "0.4 s"],
    [9_940, "9.9 s"],
    [41_200, "41 s"],
    [125_000, "2 min 05 s"],
    [3 * 3_600_000 + 12 * 60_000, "3 h 12 min"],
    [50 * 3_600_000, "2 d 2 h"],
  ])("%d ms reads %s", (milliseconds, text) => expect(shortDuration(milliseconds)).toBe(text));

  it("goes on until now where it has not ended", () => {
    const from = "2026-01-01T00:00:00Z";
    expect(duration(from, null, Date.parse(from) + 5000)).toBe(5000);
    expect(duration(from, "2026-01-01T00:00:02Z")).toBe(2000);
    expect(duration(null)).toBeUndefined();
  });
});

describe("distances", () => {
  const now = Date.parse("2026-01-01T12:00:00Z");
  it.each([
    ["2026-01-01T11:59:50Z", "just now"],
    ["2026-01-01T11:56:00Z", "4 min ago"],
    ["2026-01-01T15:00:00Z", "in 3 h"],
    ["2025-12-30T12:00:00Z", "2 d ago"],
  ])("%s is %s", (at, text) => expect(relativeTime(at, now)).toBe(text));
});
