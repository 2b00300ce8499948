import { describe, expect, it } from "vitest";
import type { RemoteRun } from "@/api/remoteRuns";
import type { RunSummary } from "@/api/types";
import { fitsRemote, isRemote, newsWords, placeName, shownRemoteRun, shownRemoteTask, withRemote } from "./remoteRun";

const run = (part: Partial<RemoteRun> = {}): RemoteRun => ({
  run_id: "r",
  place: { context: { name: "prod" } },
  pipeline: "digits",
  display_name: "digits there",
  experiment: "Default",
  is_recurring: false,
  stage: "SENT",
  state: "RUNNING",
  tasks: [],
  created_at: "2026-01-02T00:00:00Z",
  ...part,
});

const here = (name: string, created: string): RunSummary => ({ run_id: name, display_name: name, pipeline: "digits", state: "SUCCEEDED", engine: "process", created_at: created, archived: false });

const problem = { code: "unreachable", message: "nobody answers", hint: "wait" };

describe("a run on a cluster", () => {
  it.each([
    [{ stage: "SENDING" as const, state: null }, "Sending", undefined],
    [{ stage: "SENDING" as const, state: null, problem }, "Not answered", "nobody answers"],
    [{ stage: "REFUSED" as const, state: null, problem }, "Refused", "nobody answers"],
    [{ stage: "SENT" as const, state: null }, "Waiting", undefined],
    [{ stage: "DONE" as const, state: "FAILED" as const, error: "it broke" }, "Failed", "it broke"],
    [{ stage: "DONE" as const, state: null, is_recurring: true }, "Scheduled", undefined],
  ])("%j is %s", (part, word, reason) => {
    const [shown, why] = shownRemoteRun(run(part));
    expect([shown.word, why]).toEqual([word, reason]);
  });

  it("is told by its context, or by the address without what all have", () => {
    expect(placeName(run().place)).toBe("prod");
    expect(placeName({ endpoint: "https://kfp.example/" })).toBe("kfp.example");
  });

  it("has tasks that did not begin once it is over", () => {
    expect(shownRemoteTask([], false).word).toBe("Waiting");
    expect(shownRemoteTask([], true).word).toBe("Not begun");
    expect(shownRemoteTask(["PENDING"], true).word).toBe("Not begun");
    expect(shownRemoteTask(["PENDING", "FAILED"], true).word).toBe("Failed");
  });

  it("is found by name, pipeline, place and both ids", () => {
    const there = run({ remote_id: "77f3" });
    for (const text of ["DIGITS there", "prod", "77f", ""]) expect(fitsRemote(there, { text })).toBe(true);
    expect(fitsRemote(there, { text: "other" })).toBe(false);
    expect(fitsRemote(there, { pipeline: "other" })).toBe(false);
  });

  it("is left out where only runs here can be meant", () => {
    for (const search of [{ experiment: "e" }, { recurring: "r" }, { archived: "yes" as const }]) expect(fitsRemote(run(), search)).toBe(false);
    expect(fitsRemote(run(), { archived: "all" })).toBe(true);
  });

  it("fits the states that it has, and refused ones are failures", () => {
    expect(fitsRemote(run(), { state: "running" })).toBe(true);
    expect(fitsRemote(run(), { state: "failed" })).toBe(false);
    expect(fitsRemote(run({ stage: "REFUSED", state: null }), { state: "failed" })).toBe(true);
    expect(fitsRemote(run({ stage: "SENDING", state: null }), { state: "open" })).toBe(true);
  });

  it("is not open where it is a schedule that was made, which only begins others", () => {
    const schedule = run({ is_recurring: true, state: null });
    for (const state of ["open", "failed"]) expect(fitsRemote(schedule, { state })).toBe(false);
    expect(fitsRemote(schedule, {})).toBe(true);
    expect(fitsRemote({ ...schedule, stage: "SENDING" }, { state: "open" })).toBe(true);
    expect(fitsRemote({ ...schedule, stage: "REFUSED" }, { state: "failed" })).toBe(true);
  });
});

describe("runs on clusters among those here", () => {
  const [new_, old] = [here("new", "2026-01-03T00:00:00Z"), here("old", "2026-01-01T00:00:00Z")];
  const names = (rows: ReturnType<typeof withRemote>) => rows.map((row) => (row ? (isRemote(row) ? `${row.run_id}*` : row.run_id) : "?"));

  it("stand by their times, the newest first where nothing is said", () => {
    expect(names(withRemote([new_, old], [run()]))).toEqual(["new", "r*", "old"]);
    expect(names(withRemote([old, new_], [run()], "created"))).toEqual(["old", "r*", "new"]);
  });

  it("stand by names either way", () => {
    const [a, z] = [here("a", ""), here("z", "")];
    expect(names(withRemote([a, z], [run(), run({ run_id: "b", display_name: "b" })], "name"))).toEqual(["a", "b*", "r*", "z"]);
    expect(names(withRemote([z, a], [run()], "-name"))).toEqual(["z", "r*", "a"]);
  });

  it("pass over rows that are not known yet, and none is lost", () => {
    expect(names(withRemote([new_, undefined, undefined], [run()]))).toEqual(["new", "?", "?", "r*"]);
    expect(names(withRemote([undefined, old], [run()]))).toEqual(["?", "r*", "old"]);
    expect(names(withRemote([], [run()]))).toEqual(["r*"]);
  });

  it("stand last where a column says nothing of them", () => {
    expect(names(withRemote([old, new_], [run()], "-metrics.accuracy"))).toEqual(["old", "new", "r*"]);
  });
});

it("tells what was heard in words", () => {
  expect(newsWords({ kind: "made", remote_id: "7", found: false })).toEqual(["It was made there", "id 7"]);
  expect(newsWords({ kind: "task", task_id: "t", name: "train", state: "FAILED", error: "exit 1" })).toEqual(["`train`: failed", "exit 1"]);
  expect(newsWords({ kind: "trouble", ...problem })[1]).toBe("wait");
});
