import { expect, it } from "vitest";
import { idleWords } from "./idle";

const NOW = Date.parse("2026-03-01T12:00:00Z");

it.each([
  ["2026-03-01T11:53:00Z", 30 * 60, "stops in 23 min when idle"],
  ["2026-03-01T12:00:00Z", 7200, "stops in 2 h when idle"],
  ["2026-03-01T11:30:30Z", 30 * 60, "stops in a moment when idle"],
  ["2026-03-01T09:00:00Z", 30 * 60, "stops in a moment when idle"],
  [undefined, 30 * 60, undefined],
  ["2026-03-01T11:53:00Z", undefined, undefined],
])("last used %s, with %s s: %s", (used, idle, words) => expect(idleWords(used, idle, NOW)).toBe(words));
