import { describe, expect, it } from "vitest";
import { cronInWords, nextAfter, readCron } from "./cron";
import { FIRST_SCHEDULE, nextTimes, scheduleErrors, scheduleOf, triggerInWords, triggerOf } from "./schedule";

const at = (text: string) => Date.parse(text);
const next = (cron: string, after: string) => {
  const found = nextAfter(readCron(cron), at(after));
  return found === undefined ? undefined : new Date(found).toISOString().replace(".000", "");
};

describe("times", () => {
  it.each([
    ["0 0 3 * * *", "2026-01-31T03:00:00Z", "2026-02-01T03:00:00Z"],
    ["0 0 3 * * *", "2026-01-31T02:59:59Z", "2026-01-31T03:00:00Z"],
    ["*/10 * * * * *", "2026-01-01T00:00:05Z", "2026-01-01T00:00:10Z"],
    ["0 */15 * * *", "2026-01-01T00:14:59.500Z", "2026-01-01T00:15:00Z"],
    ["0 0 9 ? * 1-5", "2026-11-27T10:00:00Z", "2026-11-30T09:00:00Z"],
    ["0 0 9 ? * mon-fri", "2026-11-27T10:00:00Z", "2026-11-30T09:00:00Z"],
    ["0 0 0 13 * 5", "2026-11-01T00:00:00Z", "2026-11-06T00:00:00Z"],
    ["0 0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"],
    ["0 0 0 30 2 *", "2026-01-01T00:00:00Z", undefined],
    ["0 50/5 * * * *", "2026-01-01T00:51:00Z", "2026-01-01T00:55:00Z"],
    ["@daily", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"],
    ["@every 1h30m", "2026-01-01T00:00:00Z", "2026-01-01T01:30:00Z"],
  ])("%s after %s", (cron, after, expected) => expect(next(cron, after)).toBe(expected));
});

describe("words", () => {
  it.each([
    ["0 0 3 * * *", "At 03:00"],
    ["0 */10 * * * *", "Every 10 minutes"],
    ["0 0 9 ? * 1-5", "At 09:00, Monday through Friday"],
    ["0 30 4 1 *", "At 04:30, on day 1 of the month"],
    ["@hourly", "Every hour"],
    ["@every 1h30m", "Every 1 hour 30 minutes"],
  ])("%s", (cron, words) => expect(cronInWords(cron)).toBe(words));
});

describe("what is no expression", () => {
  it.each([
    ["", "An expression is needed"],
    ["0 3 * *", "4 fields where 6 are needed"],
    ["0 99 * * * *", "A minute is from 0 to 59, not 99"],
    ["0 0 0 * * 7", "A weekday is from 0 to 6, not 7"],
    ["0 0 0 * foo *", "foo is no month"],
    ["0 30-10 * * * *", "30-10 ends before it begins"],
    ["@often", "There is no @often"],
    ["@every soon", "A duration is needed"],
  ])("%s", (cron, message) => expect(() => readCron(cron)).toThrow(message));
});

describe("schedules", () => {
  it("says when an interval is due, from its start", () => {
    const trigger = { periodic_schedule: { interval_second: 3600, start_time: "2026-01-01T00:10:00Z" } };
    const times = nextTimes(trigger, at("2026-01-01T02:00:00Z"), 2).map((time) => new Date(time).toISOString());
    expect(times).toEqual(["2026-01-01T02:10:00.000Z", "2026-01-01T03:10:00.000Z"]);
  });
  it("ends", () => {
    const trigger = { cron_schedule: { cron: "0 0 * * * *", end_time: "2026-01-01T02:00:00Z" } };
    expect(nextTimes(trigger, at("2026-01-01T00:30:00Z"))).toHaveLength(2);
  });
  it.each([
    [{ cron_schedule: { cron: "0 0 3 * * *" } }, "At 03:00, UTC"],
    [{ cron_schedule: { cron: "not one" } }, "not one"],
    [{ periodic_schedule: { interval_second: "5400" } }, "Every 1 hour 30 minutes"],
  ])("%o", (trigger, words) => expect(triggerInWords(trigger)).toBe(words));
  it("finds what is wrong, by field", () => {
    const wrong = { ...FIRST_SCHEDULE, cron: "", concurrency: "11", start: "2026-01-02T00:00", end: "2026-01-01T00:00" };
    expect(Object.keys(scheduleErrors(wrong)).toSorted()).toEqual(["concurrency", "cron", "end"]);
    expect(scheduleErrors(FIRST_SCHEDULE)).toEqual({});
  });
});

it("reads a schedule back from what it became", () => {
  const read = scheduleOf({ trigger: { periodic_schedule: { interval_second: "7200" } }, max_concurrency: "2", no_catchup: true });
  expect(read).toMatchObject({ kind: "interval", every: "2", unit: "hours", concurrency: "2", catchUp: false, start: "" });
  expect(triggerOf(read)).toEqual({ periodic_schedule: { interval_second: 7200 } });
});
