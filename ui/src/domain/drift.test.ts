import { describe, expect, it } from "vitest";
import type { FeatureDrift, ModelDrift } from "@/api/types";
import { binShares, chanceText, lookedAt, percentText, watched, watchedKey } from "./drift";

const feature = (name: string, psi: number, verdict: FeatureDrift["verdict"]): FeatureDrift => ({ name, psi, verdict, rows: 200, chance: 0.5, ks_statistic: null, ks_p_value: null, bins: [] });

const drift = (given: Partial<ModelDrift>): ModelDrift => ({
  since: "2026-01-01T00:00:00Z",
  until: "2026-01-02T00:00:00Z",
  requests: 3,
  has_more: false,
  unread: 0,
  unread_reason: null,
  rows: 40,
  psi_threshold: 0.2,
  least_rows: 100,
  least_accuracy: null,
  profile_at: null,
  verdict: null,
  features: [],
  prediction: null,
  accuracy: null,
  mislabelled: 0,
  ...given,
});

describe("features", () => {
  it("come with what differs most first, after the predictions", () => {
    const features = [feature("a", 0.05, "stable"), feature("b", 0.3, "significant"), feature("c", 0.9, "significant"), feature("d", 0.01, "too_few_rows"), feature("e", 0.15, "moderate")];
    const all = watched(drift({ features, prediction: feature("b", 0.1, "stable") }));
    expect(all.map(watchedKey)).toEqual(["prediction b", "c", "b", "e", "a", "d"]);
  });
});

describe("bins", () => {
  it("are shares of the rows of their own side", () => {
    const bins = [
      { label: "below 0.0035921733", from: null, to: 0.003_592_173_3, expected: 0, observed: 0 },
      { label: "0.0035921733 to 1", from: 0.003_592_173_3, to: 1, expected: 25, observed: 0 },
      { label: "above 1", from: 1, to: null, expected: 75, observed: 8 },
    ];
    expect(binShares(bins)).toEqual([
      { label: "below 0.00359", trained: 0, asked: 0 },
      { label: "0.00359 to 1", trained: 25, asked: 0 },
      { label: "above 1", trained: 75, asked: 100 },
    ]);
    const near = [48.1371, 48.1372, 48.1379].map((from, at, all) => ({ label: "", from, to: all[at + 1] ?? null, expected: 1, observed: 1 }));
    expect(binShares(near).map(({ label }) => label)).toEqual(["48.1371 to 48.1372", "48.1372 to 48.1379", "above 48.1379"]);
    expect(binShares([{ label: "x", from: null, to: null, expected: 0, observed: 0 }])).toEqual([{ label: "x", trained: 0, asked: 0 }]);
  });
});

describe("words", () => {
  it.each([
    [0, "0 %"],
    [0.4, "< 1 %"],
    [12.4, "12 %"],
    [100, "100 %"],
  ])("a share of %d is %s", (share, text) => expect(percentText(share)).toBe(text));

  it.each([
    [drift({ requests: 0, rows: 0 }), "Nothing was asked in that time."],
    [drift({ requests: 1, rows: 1 }), "1 row of 1 request"],
    [drift({ has_more: true }), "40 rows of the last 3 requests"],
    [drift({ unread: 2 }), "40 rows of 3 requests; 2 could not be read"],
  ])("what was looked at", (given, text) => expect(lookedAt(given)).toBe(text));

  it.each([
    [null, ""],
    [0.0000012, "< 0.001"],
    [0.0473, "0.047"],
    [1, "1"],
  ])("a chance of %s", (chance, text) => expect(chanceText(chance)).toBe(text));
});
