import { describe, expect, it } from "vitest";
import type { ContainerState, KubeEvent, Notebook, Pod } from "./kinds";
import { needsOf, notebookState, openedStep, STOPPED } from "./notebook";

const notebook = (metadata: Partial<Notebook["metadata"]> = {}): Notebook => ({
  metadata: { name: "first", namespace: "default", ...metadata },
  spec: { template: { spec: { containers: [{ name: "first", image: "coracle/jupyterlab", resources: { requests: { cpu: "0.5", memory: "1Gi" }, limits: { "nvidia.com/gpu": "2" } } }] } } },
});

const pod = (state: ContainerState, more: { ready?: boolean; scheduled?: string; ending?: boolean; lastState?: ContainerState } = {}): Pod => ({
  metadata: { name: "first-0", uid: "1", ...(more.ending && { deletionTimestamp: "2026-01-01T00:00:00Z" }) },
  spec: { containers: [] },
  status: {
    phase: "Pending",
    conditions: [
      { type: "PodScheduled", status: more.scheduled ? "False" : "True", ...(more.scheduled && { message: more.scheduled }) },
      { type: "Ready", status: more.ready ? "True" : "False" },
    ],
    containerStatuses: [{ name: "first", ready: more.ready ?? false, restartCount: 0, state, ...(more.lastState && { lastState: more.lastState }) }],
  },
});

const event = (message: string, at: string, type = "Normal", uid = "1"): KubeEvent => ({
  metadata: { name: message },
  type,
  reason: "Reason",
  message,
  lastTimestamp: at,
  involvedObject: { name: "first-0", uid },
});

const creating: ContainerState = { waiting: { reason: "ContainerCreating" } };
const running: ContainerState = { running: {} };

describe("the state of a notebook", () => {
  it.each<[string, Notebook, Pod | undefined, readonly KubeEvent[], string, string | RegExp | undefined]>([
    ["no pod yet", notebook(), undefined, [], "starting", /being made/],
    ["no pod can be made", notebook(), undefined, [{ ...event("name too long", "1", "Warning"), involvedObject: { kind: "StatefulSet", name: "first", uid: "0" } }], "failing", "Reason: name too long"],
    ["runs and is ready", notebook(), pod(running, { ready: true }), [], "ready", undefined],
    ["runs and is not ready", notebook(), pod(running), [], "starting", /container/],
    ["waits for room", notebook(), pod(creating, { scheduled: "needs 4 GiB" }), [], "waiting", "needs 4 GiB"],
    ["an image comes", notebook(), pod(creating), [event("old", "1"), event("Pulling image", "2")], "starting", "Pulling image"],
    ["events of the pod before", notebook(), pod(creating), [event("old", "1", "Normal", "0")], "starting", /container/],
    ["a warning", notebook(), pod(creating), [event("no such volume", "1", "Warning")], "starting", "Reason: no such volume"],
    ["an image that is not there", notebook(), pod({ waiting: { reason: "ErrImagePull", message: "not found" } }), [], "failing", "ErrImagePull: not found"],
    ["ends again and again", notebook(), pod({ waiting: { reason: "CrashLoopBackOff" } }, { lastState: { terminated: { exitCode: 3, reason: "Error" } } }), [], "failing", "Error"],
    ["ended", notebook(), pod({ terminated: { exitCode: 137 } }), [], "failing", /137/],
    ["is stopping", notebook({ annotations: { [STOPPED]: "now" } }), pod(running, { ready: true }), [], "stopping", /closed/],
    ["is stopped", notebook({ annotations: { [STOPPED]: "now" } }), undefined, [], "stopped", undefined],
    ["begins anew", notebook(), pod(running, { ready: true, ending: true }), [], "starting", /before/],
    ["is being deleted", notebook({ deletionTimestamp: "2026-01-01T00:00:00Z" }), undefined, [], "deleting", undefined],
  ])("%s", (_, given, its, events, phase, reason) => {
    const state = notebookState(given, its, events);
    expect(state.phase).toBe(phase);
    if (reason === undefined) expect(state.reason).toBeUndefined();
    else expect(state.reason).toMatch(reason);
  });

  it("says what it asks for", () => {
    expect(needsOf(notebook())).toEqual({ image: "coracle/jupyterlab", cpu: "0.5", memory: "1Gi", gpus: 2 });
  });

  it("knows the step that it was opened from", () => {
    expect(openedStep(notebook())).toBeUndefined();
    const opened = notebook({ labels: { "coracle.dev/opened-step": "true", "coracle.dev/run": "r" }, annotations: { "coracle.dev/step": "train" } });
    expect(openedStep(opened)).toEqual({ run: "r", step: "train" });
  });
});
