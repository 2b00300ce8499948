import { describe, expect, it } from "vitest";
import { artifactSearch, artifactsSearch, comparedIds, compareSearch } from "./artifactSearch";

describe("addresses of artifacts", () => {
  it.each([
    [{}, {}],
    [{ text: 7, type: "system.Model", other: 1 }, { text: "7", type: "system.Model" }],
    [{ run: "" }, {}],
  ])("%j holds %j", (given, search) => expect(artifactsSearch(given)).toEqual(search));

  it.each([
    [{ tab: "lineage" }, { tab: "lineage" }],
    [{ tab: "preview", file: "a/b.csv" }, { file: "a/b.csv" }],
    [{ tab: "size" }, {}],
  ])("%j of one holds %j", (given, search) => expect(artifactSearch(given)).toEqual(search));
});

describe("addresses of comparisons", () => {
  it.each([
    [{ runs: "a,b" }, ["a", "b"]],
    [{ runlist: "a, b,,a" }, ["a", "b"]],
    [{}, []],
  ])("%j compares %j", (given, ids) => expect(comparedIds(compareSearch(given))).toEqual(ids));
});
