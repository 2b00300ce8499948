import { expect, it } from "vitest";
import type { Volume } from "@/api/types";
import type { Claim, Notebook, Pod, PodSpec } from "./kinds";
import { volumeRows } from "./volume";

const spec = (claimName: string): PodSpec => ({ containers: [], volumes: [{ name: "v", persistentVolumeClaim: { claimName } }] });
const volume = (name: string): Volume => ({ name, size: "1Gi", access_modes: ["ReadWriteMany"], path: `/v/${name}`, bytes: 7 });
const claim = (name: string, namespace = "default"): Claim => ({ metadata: { name, namespace }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "5Gi" } } } });
const notebook: Notebook = { metadata: { name: "first", namespace: "default" }, spec: { template: { spec: spec("work") } } };
const pod = (name: string, labels: Record<string, string>, phase = "Running"): Pod => ({ metadata: { name, namespace: "default", labels }, spec: spec("work"), status: { phase } });

it("joins claims and volumes, with who uses them", () => {
  const pods = [pod("first-0", { "notebook-name": "first" }), pod("job", {}), pod("done", {}, "Succeeded")];
  const rows = volumeRows([volume("work"), volume("old")], [claim("work"), claim("work", "team")], [notebook], pods);
  expect(rows.map(({ key, isClaim, bytes }) => [key, isClaim, bytes])).toEqual([
    ["default/old", false, 7],
    ["default/work", true, 7],
    ["team/work", true, undefined],
  ]);
  expect(rows[1]?.users).toEqual([
    { kind: "notebook", name: "first", runs: true },
    { kind: "pod", name: "job", runs: true },
  ]);
  expect(rows[2]?.users).toEqual([]);
});

it("knows a notebook that is stopped", () => {
  expect(volumeRows([], [claim("work")], [notebook], [])[0]?.users).toEqual([{ kind: "notebook", name: "first", runs: false }]);
});
