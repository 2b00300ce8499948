import { describe, expect, it } from "vitest";
import type { Task } from "@/api/types";
import { capacityOf, podHolder, stepHolders, sum } from "./holders";
import type { Pod } from "./kinds";

const GIB = 2 ** 30;

const task = (state: Task["state"], attempt: Task["state"]): Task =>
  ({ path: "train", display_name: "train", state, attempts: [{ state: attempt, gpus: ["GPU-1"], resources: { cpu_request: 500, memory_limit: GIB, gpus: 1 } }] }) as unknown as Task;

const pod = (phase: string, scheduled = "True"): Pod => ({
  metadata: { name: "first-0", namespace: "default", labels: { "notebook-name": "first" } },
  spec: {
    initContainers: [{ name: "before", resources: { requests: { memory: "4Gi" } } }],
    containers: [
      { name: "first", resources: { requests: { cpu: "500m", memory: "1Gi" } } },
      { name: "beside", resources: { limits: { cpu: "1" } } },
    ],
  },
  status: { phase, conditions: [{ type: "PodScheduled", status: scheduled }] },
});

describe("who holds what", () => {
  const run = { run_id: "r", display_name: "digits" };
  it("steps that run, with what they asked for", () => {
    expect(stepHolders(run, [task("RUNNING", "RUNNING"), task("RUNNING", "FAILED"), task("SUCCEEDED", "SUCCEEDED")])).toMatchObject([
      { title: "train · digits", cpu: 500, memory: GIB, gpus: 1, run: "r" },
    ]);
  });

  it.each([
    ["Running", "True", 1],
    ["Pending", "True", 1],
    ["Pending", "False", 0],
    ["Succeeded", "True", 0],
    ["Failed", "True", 0],
  ])("a pod that is %s with room %s holds: %d", (phase, scheduled, count) => expect(podHolder(pod(phase, scheduled))).toHaveLength(count));

  it("containers together, and init containers alone", () => {
    expect(podHolder(pod("Running"))).toMatchObject([{ kind: "notebook", name: "first", cpu: 1500, memory: 4 * GIB, gpus: 0 }]);
  });

  it("adds up against what the machine has", () => {
    expect(sum([{ cpu: 1, memory: 2, gpus: 3 }, { cpu: 1, memory: 1, gpus: 0 }])).toEqual({ cpu: 2, memory: 3, gpus: 3 });
    expect(capacityOf({ metadata: { name: "vm" }, status: { allocatable: { cpu: "2", memory: "1Gi", "nvidia.com/gpu": "4" } } })).toEqual({ cpu: 2000, memory: GIB, gpus: 4 });
  });
});
