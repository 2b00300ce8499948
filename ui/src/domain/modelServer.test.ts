import { describe, expect, it } from "vitest";
import type { ModelServer, ServerContainer, ServerPod } from "@/api/types";
import { begun, canary, loggedOf, revisionShare, servedBy, serverCopies, serversWords, splitOf, splitWords, stopped, trafficWords, troubled } from "./modelServer";

const container = (name: string, trouble?: string): ServerContainer => ({ name, has_begun: true, restarts: 0, trouble: trouble ?? null });

const pod = (name: string, ...containers: ServerContainer[]): ServerPod => ({ name, uid: name, is_ready: true, is_ending: false, containers });

const server = (change: Partial<ModelServer> = {}, pods: readonly ServerPod[] = []): ModelServer => ({
  namespace: "default",
  name: "digits",
  state: "ready",
  replicas: { ready: 1, wanted: 1 },
  path: "/serving/default/digits",
  parts: [{ name: "predictor", replicas: { ready: 1, wanted: 1 }, revisions: [], traffic: [], pods }],
  ...change,
});

it("counts servers by their states, those that answer first", () => {
  expect(serversWords([server({ state: "failing" }), server(), server(), server({ state: "stopped" })])).toBe("2 ready, 1 failing, 1 stopped");
  expect(serversWords([])).toBe("");
});

describe("traffic", () => {
  const part = server().parts[0];
  const split = part && { ...part, traffic: [{ revision: "b", percent: 20, is_latest: true }, { revision: "a", percent: 80, is_latest: false }] };
  it("is told where it is split", () => {
    expect(trafficWords(server())).toBe("");
    expect(trafficWords(server({ canary_percent: 0 }))).toBe("0 % new");
    expect(splitOf(server())).toEqual({ newest: undefined, before: undefined, told: undefined });
    expect(splitOf(server({ parts: split ? [split] : [] }))).toEqual({ newest: "b", before: "a", told: 20 });
  });
  it.each([
    [undefined, 20, /the next one will answer 20/],
    [0, 20, /So far 0 %/],
    [20, 20, /split so/],
    [0, 0, /Rolled back/],
  ])("is told when %j of %j is", (told, wanted, words) => {
    expect(splitWords({ newest: undefined, before: undefined, told }, wanted)).toMatch(words);
  });
  it("is told of each revision", () => {
    const revision = (name: string, wanted: number) => ({ name, number: 1, replicas: { ready: wanted, wanted } });
    const share = (of: typeof part, name: string, wanted: number) => of && revisionShare(of, revision(name, wanted));
    expect([share(split, "b", 1), share(split, "a", 1), share(split, "old", 0)]).toEqual(["20 %", "80 %", ""]);
    expect([share(part, "b", 1), share(part, "a", 0)]).toEqual(["100 %", ""]);
  });
  it("is begun with a share", () => {
    const given = { metadata: { name: "digits" }, spec: { predictor: { model: {} } } };
    expect(begun(given, "10")).toEqual({ ...given, spec: { predictor: { model: {}, canaryTrafficPercent: 10 } } });
    expect(begun(given, "")).toBe(given);
  });
  it("is changed by a patch", () => {
    expect(canary(30)).toEqual({ spec: { predictor: { canaryTrafficPercent: 30 } } });
    expect(canary(null)).toEqual({ spec: { predictor: { canaryTrafficPercent: null } } });
    expect(stopped(false)).toEqual({ metadata: { annotations: { "serving.kserve.io/stop": null } } });
  });
});

describe("the log that is shown", () => {
  const pods = [pod("new", container("storage-initializer"), container("kserve-container")), pod("old", container("kserve-container", "it ended with 1"))];
  it.each([
    [pods.slice(0, 1), undefined, undefined, "new kserve-container"],
    [pods, undefined, undefined, "old kserve-container"],
    [pods, "new", "storage-initializer", "new storage-initializer"],
    [pods, "gone", undefined, "old kserve-container"],
    [[pod("own", container("server"))], undefined, undefined, "own server"],
    [[], undefined, undefined, "none"],
  ])("%#", (all, wanted, of, shown) => {
    const found = loggedOf(server({}, all), wanted, of);
    expect(found ? `${found.pod.name} ${found.container.name}` : "none").toBe(shown);
  });
  it("is that of the trouble", () => {
    expect(troubled(server({}, pods))?.pod.name).toBe("old");
    expect(troubled(server())).toBeUndefined();
  });
});

it("is taken along as what asks it", () => {
  const copies = Object.fromEntries(serverCopies(server(), "http://here").map(({ label, text }) => [label, text]));
  expect(copies["address"]).toBe("http://here/serving/default/digits");
  expect(copies["curl"]).toContain("http://here/serving/default/digits/v1/models/digits:predict");
  expect(copies["kubectl"]).toContain("-n default get inferenceservice digits -o yaml");
  expect(servedBy(server({ runtime: "kserve-sklearnserver" }))).toBe("kserve-sklearnserver");
});
