import { describe, expect, it } from "vitest";
import { changedFields, deploymentName, parityWords, shownDeployment, shownDone, shownStanding, shownWould, workloadLine, workloadOf } from "./deployment";

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

  it("stand as their record says", () => {
    const listed = { deployment: "iris", namespace: "n", revision: 1, is_finished: true, can_go_back: true, objects: [] };
    expect(shownDeployment(listed)[0].word).toBe("Sent");
    expect(shownDeployment({ ...listed, can_go_back: false })[0].word).toBe("Gone back from");
    expect(shownDeployment({ ...listed, is_finished: false })).toMatchObject([{ word: "Unfinished" }, "Send it once more to finish it"]);
    expect(shownDeployment({ ...listed, problem: "version 99" })).toMatchObject([{ word: "Cannot be read", tone: "fail" }, "Version 99"]);
  });

  it("have objects that stand as they say", () => {
    expect(shownStanding({ state: "ready", told: "4 of 4 ready" })).toEqual([{ word: "4 of 4 ready", tone: "ok", icon: "check" }]);
    expect(shownStanding({ state: "underway", told: "not ready" })).toMatchObject([{ tone: "run" }, "Not ready"]);
    expect(shownStanding({ state: "gone" })).toMatchObject([{ word: "Gone", tone: "warn" }]);
    expect(shownStanding({ state: "not-told", reason: "forbidden" })).toMatchObject([{ word: "Not told" }, "Forbidden"]);
  });

  it("have workloads that can be followed, by kind and group", () => {
    const named = (api_version: string, kind: string) => workloadOf({ api_version, kind, name: "a" });
    expect(named("batch/v1", "Job")).toBe("job/a");
    expect(named("v1", "Pod")).toBe("pod/a");
    expect(named("apps/v1", "Deployment")).toBe("deployment/a");
    expect(named("example.org/v1", "Job")).toBeUndefined();
  });

  it("tell what is heard of a workload in lines, the log as it is", () => {
    const line = { type: "line", pod: "p", container: "c", text: " epoch 1" } as const;
    expect(workloadLine({ ...line, is_continued: false })).toBe(" epoch 1");
    expect(workloadLine({ ...line, is_continued: true })).toBe("…  epoch 1");
    expect(workloadLine({ type: "container", pod: "p", container: "c", state: "ImagePullBackOff", message: null })).toBe("— container c: ImagePullBackOff");
    expect(workloadLine({ type: "ended", end: "failed", reason: "BackoffLimitExceeded" })).toBe("— failed: BackoffLimitExceeded");
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
