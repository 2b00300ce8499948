import { expect, it } from "vitest";
import { bare, kubectl } from "./copied";

it("leaves out what the server wrote", () => {
  const metadata = { name: "first", namespace: "default", uid: "1", resourceVersion: "2", managedFields: [], labels: { app: "first" } };
  const object = { apiVersion: "v1", kind: "Pod", metadata, spec: { a: 1 }, status: { phase: "Running" } };
  expect(bare(object)).toEqual({ apiVersion: "v1", kind: "Pod", metadata: { name: "first", namespace: "default", labels: { app: "first" } }, spec: { a: 1 } });
});

it("asks by the workbench's own configuration", () => {
  expect(kubectl("get pods", "team")).toBe('kubectl --kubeconfig "$(coracle kubeconfig)" -n team get pods');
});
