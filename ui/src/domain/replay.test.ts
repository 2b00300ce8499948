import { describe, expect, it } from "vitest";
import type { ModelServer, ReplayReport, ReplayRequests } from "@/api/types";
import { against, answerNow, CANARY, failureWords, lastProblem, PRESENT, replayCommand, reportWords, selection, targetsOf, toleranceProblem, usualTarget } from "./replay";

const server = (name: string, more: Partial<ModelServer> = {}): ModelServer => ({ namespace: "default", name, ...more }) as ModelServer;

describe("who is to answer", () => {
  const others = [server("iris"), server("better"), server("iris", { namespace: "team" })];
  it.each([
    ["the canary, where there is one", server("iris", { canary_percent: 5 }), others, CANARY, ["canary", "present", "default/better", "team/iris"]],
    ["another server", server("iris"), others, "default/better", ["present", "default/better", "team/iris"]],
    ["itself, where it is alone", server("iris"), [], PRESENT, ["present"]],
  ])("is %s", (_, asked, servers, usual, keys) => {
    const targets = targetsOf(asked, servers);
    expect(targets.map(({ key }) => key)).toEqual(keys);
    expect(usualTarget(targets)).toBe(usual);
  });

  it.each([
    [CANARY, 10, { revision: "iris-predictor-canary" }],
    [PRESENT, 10, { revision: "iris-predictor" }],
    [PRESENT, undefined, {}],
    [PRESENT, 0, {}],
    ["team/better", undefined, { against: { namespace: "team", name: "better" } }],
  ])("%s is told so", (key, percent, expected) => {
    expect(against(server("iris", percent === undefined ? {} : { canary_percent: percent }), key)).toEqual(expected);
  });
});

it.each([
  [{ replay: "last", text: "x" }, { last: 5 }],
  [{ replay: "fitting", text: "x" }, { last: 5, search: "x" }],
  [{ replay: "fitting", text: "x", code: 400 }, undefined],
  [{ replay: "chosen", chosen: [1, 2] }, { numbers: [1, 2] }],
] as const)("of %j are sent %j", (search, expected) => expect(selection(search, 5)).toEqual(expected));

it.each([
  ["1e-6", true],
  ["0", true],
  ["", false],
  ["-1", false],
  ["much", false],
])("a tolerance of '%s'", (text, isFine) => expect(toleranceProblem(text) === undefined).toBe(isFine));

it.each([
  [1, true],
  [1000, true],
  [0, false],
  [1001, false],
  [Number.NaN, false],
])("%d requests at most", (last, isFine) => expect(lastProblem(last) === undefined).toBe(isFine));

it.each<[ReplayRequests, string | undefined]>([
  [{ last: 100, tolerance: 1e-6 }, "coracle replay iris --last 100 --tolerance 0.000001"],
  [{ revision: "iris-predictor-canary", last: 5, search: "it's" }, `coracle replay iris --revision iris-predictor-canary --last 5 --search 'it'\\''s'`],
  [{ against: { namespace: "team", name: "better" } }, "coracle replay iris --against better --against-namespace team"],
  [{ numbers: [1] }, undefined],
])("%j as a command", (wanted, expected) => expect(replayCommand(server("iris"), wanted)).toBe(expected));

it.each([
  [{ same: 0, different: 0, failed: 0, skipped: 0 }, "No request fits."],
  [{ same: 0, different: 0, failed: 0, skipped: 2 }, "None could be sent: their bodies were not kept."],
  [{ same: 3, different: 0, failed: 0, skipped: 0 }, "All 3 answers are the same."],
  [{ same: 1, different: 0, failed: 0, skipped: 0 }, "The answer is the same."],
  [{ same: 3, different: 1, failed: 0, skipped: 0 }, "1 of 4 answers is not as before."],
  [{ same: 3, different: 1, failed: 2, skipped: 0 }, "3 of 6 answers are not as before."],
])("%j in words", (counts, words) => expect(reportWords(counts as ReplayReport)).toBe(words));

describe("the answer now", () => {
  const now = (before: unknown, differences: readonly (readonly [string, string | null, string | null])[], count = differences.length) => {
    const told = differences.map(([path, old, after]) => ({ path, before: old, after }));
    const text = answerNow(typeof before === "string" ? before : JSON.stringify(before), { differences: told, difference_count: count });
    return text === undefined ? undefined : text.startsWith("{") || text.startsWith("[") ? (JSON.parse(text) as unknown) : text;
  };
  it.each([
    ["has what differs", { a: [1, { b: 2 }] }, [["a[1].b", "2", "3"]], { a: [1, { b: 3 }] }],
    ["has what is new", { a: [1] }, [["a[1]", null, "2"], ["b", null, '"x"']], { a: [1, 2], b: "x" }],
    ["has not what is gone", { a: [1, 2, 3], b: 4 }, [["a[1]", "2", null], ["a[2]", "3", null], ["b", "4", null]], { a: [1] }],
    ["is another altogether", { a: 1 }, [["", '{"a":1}', "[2]"]], [2]],
    ["is a text", "old", [["", '"old"', '"new"']], "new"],
    ["begins with a list", [[1]], [["[0][0]", "1", "5"]], [[5]]],
    ["is as it was", { a: 1 }, [], { a: 1 }],
  ] as const)("%s", (_, before, differences, expected) => expect(now(before, differences)).toEqual(expected));

  it.each([
    ["more differs than is told", { a: 1 }, [["a", "1", "2"]], 30],
    ["what differs is cut", { a: 1 }, [["a", "1", '"long…']], 1],
    ["a name has a dot", { "a.b": { c: 1 } }, [["a.b.c", "1", "2"]], 1],
  ] as const)("is not known where %s", (_, before, differences, count) => expect(now(before, differences, count)).toBeUndefined());
});

it.each([
  ["failed", '"there is none"', "there is none"],
  ["failed", "{}", undefined],
  ["different", '"there is none"', undefined],
] as const)("of one that %s because of %s is told why", (outcome, after, expected) => {
  expect(failureWords({ outcome, differences: [{ path: "predictions", before: "1", after: null }, { path: "error", before: null, after }] })).toBe(expected);
});
