import { describe, expect, it } from "vitest";
import type { ClusterContext } from "@/api/clusters";
import { clusterWords, firstContext, keptFrom, preflightWords, sentences, shownContext, shownDiagnostic, shownFinding } from "./cluster";

describe("clusters", () => {
  it("show the worst that is known of a context", () => {
    const context = { is_usable: true, is_insecure: false, is_protected: false };
    expect(shownContext(context).tone).toBe("ok");
    expect(shownContext({ ...context, is_protected: true }).word).toBe("Protected");
    expect(shownContext({ ...context, is_protected: true, is_insecure: true }).tone).toBe("warn");
    expect(shownContext({ is_usable: false, is_insecure: true, is_protected: true }).tone).toBe("fail");
  });

  it("name what a finding is about, or else how bad it is", () => {
    const finding = { severity: "error" as const, code: "unreachable", subject: "", message: "" };
    expect(shownFinding(finding)).toEqual({ word: "Error", tone: "fail", icon: "cross" });
    expect(shownFinding({ ...finding, severity: "note", subject: "Pod/a" }).word).toBe("Pod/a");
  });

  it("are told in one line", () => {
    const report = { asked_devices: [], context: "c", findings: [], is_fine: true, is_protected: false, namespace: "n", objects: 0, server: "s", took_ms: 12 };
    const parts = [
      { name: "KServe", is_there: true, versions: [] },
      { name: "Katib", is_there: false, versions: [] },
    ];
    expect(clusterWords({ ...report, parts, version: null })).toBe("It was not reached");
    expect(clusterWords({ ...report, parts, version: "v1.34.4", user: "me" })).toBe("Kubernetes v1.34.4, as me, with KServe, in 12 ms");
    expect(clusterWords({ ...report, parts: [{ name: "Katib", is_there: null, versions: [] }], version: "v1" })).toBe("Kubernetes v1, not telling what of Kubeflow it has, in 12 ms");
    expect(clusterWords({ ...report, parts: [], version: "v1.34.4" })).toBe("Kubernetes v1.34.4, with nothing of Kubeflow, in 12 ms");
  });
});

describe("preflight", () => {
  const finding = (severity: "error" | "warning" | "note") => ({ severity, code: "c", subject: "", message: "" });

  it("is told in a sentence, the gravest first", () => {
    expect(preflightWords({ is_fine: true, findings: [] })).toBe("Nothing keeps it from working there.");
    expect(preflightWords({ is_fine: true, findings: [finding("note"), finding("note")] })).toBe("Nothing keeps it from working there: 2 notes.");
    expect(preflightWords({ is_fine: false, findings: [finding("note"), finding("error"), finding("warning")] })).toBe("It would not work there as it is: 1 error, 1 warning, 1 note.");
  });
});

it("keeps from being sent what would not work, and says the first reason", () => {
  const finding = (severity: "error" | "warning", message: string) => ({ severity, code: "c", subject: "", message });
  expect(keptFrom({ is_fine: true, findings: [finding("warning", "a")] })).toBeUndefined();
  expect(keptFrom({ is_fine: false, findings: [finding("error", "`a` is missing"), finding("warning", "b")] })).toBe("Off, since it would not work there: `a` is missing");
  expect(keptFrom({ is_fine: false, findings: [finding("error", "a"), finding("error", "b")] })).toBe("Off, since it would not work there: a, and one more error");
});

it("says of a file at which line, where it has one", () => {
  expect(shownDiagnostic({ severity: "warning", span: { line: 3, column: 1 } })).toMatchObject({ word: "Line 3", tone: "warn" });
  expect(shownDiagnostic({ severity: "error", span: null })).toMatchObject({ word: "The file", tone: "fail" });
});

it("offers the current context first, unless it cannot be used", () => {
  const context = (name: string, is_usable: boolean, is_current = false) => ({ name, is_usable, is_current }) as ClusterContext;
  expect(firstContext([context("a", true), context("b", true, true)])?.name).toBe("b");
  expect(firstContext([context("a", true), context("b", false, true)])?.name).toBe("a");
  expect(firstContext([context("b", false, true)])).toBeUndefined();
});

it("begins each sentence of a finding as one, and leaves names as they are", () => {
  expect(sentences("`http://a` is plain", "use https")).toBe("`http://a` is plain. Use https");
  expect(sentences("nothing", null)).toBe("Nothing");
});
