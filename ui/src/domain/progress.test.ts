import { describe, expect, it } from "vitest";
import type { Task } from "@/api/types";
import { progress, topTasks } from "./progress";

const task = (path: string, state: Task["state"], kind: Task["kind"] = "container") => ({ path, state, kind, display_name: path }) as Task;

describe("progress", () => {
  const root = { root: { dag: { tasks: { load: {}, loop: {}, last: {} } } } };
  it.each([
    ["a spec alone", root, ["load", "loop", "last"]],
    ["with its platform document", { pipeline_spec: root, platform_spec: {} }, ["load", "loop", "last"]],
    ["nothing", undefined, []],
    ["something else", "text", []],
  ])("tasks of %s", (_, given, names) => expect(topTasks(given)).toEqual(names));

  it("counts what is over at the top, and names what runs anywhere", () => {
    const tasks = [task("", "RUNNING", "dag"), task("load", "SUCCEEDED"), task("loop", "RUNNING", "loop"), task("loop/fit", "RUNNING"), task("loop/old", "SUCCEEDED")];
    expect(progress(topTasks(root), tasks)).toEqual({ done: 1, of: 3, running: ["loop/fit"] });
  });
});
