import { describe, expect, it } from "vitest";
import { changedFields, deploymentName, parityWords, shownDone, shownWould } from "./deployment";

describe("deployments", () => {
  it("are called as the object that is sent", () => {
    expect(deploymentName("notebook/mine")).toBe("mine");
  });

  it("tell why something is refused and what to do", () => {
    const refusal = { kind: "conflict" as const, code: 409, message: "others own it", conflicts: [] };
    expect(shownDone({ state: "refused", refusal, hint: "take it over" })[1]).toBe("Others own it. Take it over");
    expect(shownWould({ state: "refused", refusal, hint: "take it over" })[0].tone).toBe("fail");
    expect(shownDone({ state: "created" })).toEqual([{ word: "Created", tone: "ok", icon: "check" }]);
  });

  it("count only what there is", () => {
    expect(parityWords({ same: 4, translated: 0, "cluster-only": 1, "not-portable": 0 })).toBe("4 the same, 1 heeded only there");
  });

  it("show the gravest field first, and none that is the same", () => {
    const object = { api_version: "v1", kind: "ConfigMap", name: "a" };
    const field = (name: string, verdict: "same" | "translated" | "not-portable") => ({ field: name, verdict, reason: "" });
    const report = { summary: { same: 1, translated: 1, "cluster-only": 0, "not-portable": 1 }, objects: [{ object, fields: [field("a", "same"), field("b", "translated"), field("c", "not-portable")] }] };
    expect(changedFields(report).map((one) => one.field)).toEqual(["c", "b"]);
  });
});
