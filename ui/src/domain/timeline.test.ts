import { describe, expect, it } from "vitest";
import type { Task } from "@/api/types";
import { readPipeline } from "./pipeline";
import { failedStep, indexTasks, progress } from "./runTasks";
import { runSearch } from "./runSearch";
import { barsOf, criticalPath, litAt, rowsOf, tickLabel, ticks } from "./timeline";

const at = (second: number | undefined) => (second === undefined ? null : new Date(second * 1000).toISOString());

/** A task from one second to another; its attempts by their beginnings and ends. */
function task(path: string, from?: number, to?: number, more: { kind?: Task["kind"]; state?: Task["state"]; attempts?: [number, number?][] } = {}): Task {
  return {
    path,
    kind: more.kind ?? "container",
    display_name: path,
    state: more.state ?? "SUCCEEDED",
    cached: false,
    started_at: at(from),
    finished_at: at(to),
    inputs: { parameters: {}, artifacts: {} },
    outputs: { parameters: {}, artifacts: {} },
    attempts: (more.attempts ?? []).map(([began, ended], index) => ({ number: index + 1, state: ended === undefined ? "RUNNING" : "FAILED", started_at: at(began), finished_at: at(ended) })),
  } as unknown as Task;
}

const tasks = [
  task("", 0, 20, { kind: "dag" }),
  task("last", 12, 20),
  task("loop", 2, 12, { kind: "loop" }),
  task("loop[1]", 6, 12, { kind: "iteration" }),
  task("loop[1]/step", 6, 12),
  task("loop[0]", 2, 6, { kind: "iteration" }),
  task("loop[0]/step", 2, 6),
  task("first", 0, 2),
  task("aside", 0, 11),
];

describe("a timeline", () => {
  it("has groups before what is in them, by their beginnings", () => {
    expect(rowsOf(tasks, new Set()).map((row) => [row.path, row.depth])).toEqual([
      ["aside", 0],
      ["first", 0],
      ["loop", 0],
      ["loop[0]", 1],
      ["loop[0]/step", 2],
      ["loop[1]", 1],
      ["loop[1]/step", 2],
      ["last", 0],
    ]);
    expect(rowsOf(tasks, new Set(["loop"])).map((row) => row.path)).toEqual(["aside", "first", "loop", "last"]);
  });

  it.each<[string, Task, [string, number, number | undefined][]]>([
    ["not begun", task("a", undefined, undefined, { state: "PENDING" }), []],
    ["waiting", task("a", 1, undefined, { state: "PENDING" }), [["queued", 1, undefined]]],
    ["running", task("a", 1, undefined, { state: "RUNNING", attempts: [[3]] }), [["queued", 1, 3], ["running", 3, undefined]]],
    ["tried again", task("a", 1, 9, { attempts: [[1, 3], [5, 9]] }), [["running", 1, 3], ["queued", 3, 5], ["running", 5, 9]]],
    ["between attempts", task("a", 1, undefined, { state: "RUNNING", attempts: [[1, 3]] }), [["running", 1, 3], ["queued", 3, undefined]]],
    ["a group", task("a", 1, 2, { kind: "loop" }), [["group", 1, 2]]],
  ])("has bars for what is %s", (_, given, expected) =>
    expect(barsOf(given).map((bar) => [bar.kind, bar.from / 1000, bar.to === undefined ? undefined : bar.to / 1000])).toEqual(expected),
  );

  it("marks the steps that made it as long as it is", () => {
    const pipeline = readPipeline({
      components: { loop: { dag: { tasks: { step: {} } } } },
      root: {
        dag: {
          tasks: { first: {}, aside: {}, loop: { componentRef: { name: "loop" }, parameterIterator: {}, dependentTasks: ["first"] }, last: { dependentTasks: ["loop"] } },
        },
      },
    });
    expect([...criticalPath(tasks, pipeline)]).toEqual(["last", "loop[1]/step", "loop[0]/step", "first"]);
    expect(criticalPath([], pipeline).size).toBe(0);
  });

  it("lights what ran at a time", () => {
    expect([...litAt(tasks, 3000)].toSorted()).toEqual(["aside", "loop", "loop[0]", "loop[0]/step"]);
    expect(litAt(tasks, 30_000).size).toBe(0);
  });

  it.each([
    [1000, 10, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]],
    [41_000, 5, [0, 10_000, 20_000, 30_000, 40_000]],
    [10 * 3_600_000, 5, [0, 7_200_000, 14_400_000, 21_600_000, 28_800_000, 36_000_000]],
  ])("of %i ms is marked at round times", (length, most, expected) => expect(ticks(length, most)).toEqual(expected));

  it.each([
    [0, "0"],
    [500, "0.5 s"],
    [45_000, "45 s"],
    [150_000, "2:30"],
    [10_805_000, "3:00:05"],
  ])("%i ms are %s", (milliseconds, label) => expect(tickLabel(milliseconds)).toBe(label));
});

describe("the tasks of a run", () => {
  it("know the step that failed first", () => {
    const failed = [
      task("group", 0, 5, { kind: "dag", state: "FAILED" }),
      task("group/b", 0, 5, { state: "FAILED" }),
      task("a", 0, 7, { state: "FAILED" }),
      task("c", 0, 3, { state: "CANCELED" }),
    ];
    expect(failedStep(failed)?.path).toBe("group/b");
    expect(failedStep(failed, "a")?.path).toBe("a");
    expect(failedStep(tasks)).toBeUndefined();
    expect(progress([...failed, task("d", 0, undefined, { state: "RUNNING" })])).toEqual({ over: 3, all: 4 });
  });

  it("have iterations in their order", () => expect(indexTasks(tasks).iterations.get("loop")?.map((one) => one.path)).toEqual(["loop[0]", "loop[1]"]));
});

it.each<[Record<string, unknown>, object]>([
  [{}, {}],
  [{ tab: "graph" }, {}],
  [{ tab: "logs", task: "a/b[1]", line: 12, attempt: "2" }, { tab: "logs", task: "a/b[1]", line: 12, attempt: 2 }],
  [{ tab: "nonsense", line: -1, attempt: "x", open: "a", at: "" }, {}],
  [{ line: "fail", open: ["a", 3], find: 404 }, { line: "fail", open: ["a"], find: "404" }],
])("the address %j", (given, expected) => expect(runSearch(given)).toEqual(expected));
