import { describe, expect, it } from "vitest";
import { columnOf, columnsOf, columnsText, columnTitle, direction, isFiltered, nextSort, runsQuery, runsSearch, toggled, USUAL_COLUMNS } from "./runTable";

describe("the address", () => {
  it.each([
    [{}, {}],
    [{ text: 42, state: "failed", other: "x" }, { text: "42", state: "failed" }],
    [{ archived: "maybe", sort: "" }, {}],
    [{ archived: "all" }, { archived: "all" }],
  ])("%j holds %j", (given, search) => expect(runsSearch(given)).toEqual(search));

  it("is a query in which what was put aside is left out unless it is asked for", () => {
    expect(runsQuery({})).toMatchObject({ archived: false, state: undefined, values: true });
    expect(runsQuery({ archived: "yes", state: "open" })).toMatchObject({ archived: true, state: "PENDING,RUNNING,CANCELING" });
    expect(runsQuery({ archived: "all" }).archived).toBeUndefined();
  });

  it("tells filters from order and columns", () => {
    expect(isFiltered({ sort: "name", columns: "state" })).toBe(false);
    expect(isFiltered({ text: "a" })).toBe(true);
  });
});

describe("columns", () => {
  it.each([
    ["state", "State"],
    ["parameters.svm_penalty", "svm_penalty"],
    ["metrics.a.b", "a.b"],
  ])("%s is called %s", (key, title) => expect(columnTitle(key)).toBe(title));

  it("are nothing where their key says nothing", () => {
    expect([columnOf("size"), columnOf("metrics."), columnOf("parameters")]).toEqual([undefined, undefined, undefined]);
  });

  it("come back from an address as they were, with anything in their names", () => {
    const keys = ["state", "metrics.top,1 %", "parameters.a=b"];
    expect(columnsOf(columnsText(keys))).toEqual(keys);
    expect(columnsOf(undefined)).toEqual(USUAL_COLUMNS);
    expect(columnsOf("state,state,nothing,%")).toEqual(["state"]);
  });

  it("are added in their place and taken away", () => {
    const more = toggled(toggled(USUAL_COLUMNS, "metrics.accuracy"), "parameters.rate");
    expect(more).toEqual(["state", "pipeline", "parameters.rate", "metrics.accuracy", "took", "created"]);
    expect(toggled(more, "pipeline")).not.toContain("pipeline");
  });
});

describe("order", () => {
  it.each([
    [undefined, "name", "name"],
    ["name", "name", "-name"],
    ["-name", "name", "name"],
    [undefined, "created", "created"],
    ["name", "created", "-created"],
    ["name", "metrics.f1", "-metrics.f1"],
    ["name", "parameters.rate", "parameters.rate"],
  ])("after %s a press on %s gives %s", (sort, key, next) => expect(nextSort(sort, key)).toBe(next));

  it("is that of the newest where nothing is said", () => {
    expect(direction(undefined, "created")).toBe("desc");
    expect(direction("took", "created")).toBeNull();
  });
});
