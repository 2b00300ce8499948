import { describe, expect, it } from "vitest";
import { dagAt, graphOf, nodeFor, openFor, taskAt, withClosed, withOpened } from "./graph";
import { layout } from "./layout";
import { countTasks, readPipeline } from "./pipeline";

const step = (executorLabel: string) => ({ executorLabel, outputDefinitions: { parameters: { Output: { parameterType: "LIST" } } } });
const task = (name: string, more: object = {}) => ({ componentRef: { name }, taskInfo: { name: name.replace("comp-", "") }, ...more });
const output = (producerTask: string) => ({ taskOutputParameter: { producerTask, outputParameterKey: "Output" } });

/** Words, a loop over them with a condition in it, all below an exit handler, and a task that always runs. */
const SPEC = {
  pipelineInfo: { name: "orchard", description: "Picks." },
  sdkVersion: "kfp-2.17.0",
  components: {
    "comp-words": step("exec-words"),
    "comp-pick": step("exec-words"),
    "comp-import": { executorLabel: "exec-import", outputDefinitions: { artifacts: { artifact: { artifactType: { schemaTitle: "system.Dataset" } } } } },
    "comp-sweep": step("exec-words"),
    "comp-guarded": {
      dag: {
        tasks: {
          words: task("comp-words"),
          "for-loop-1": task("comp-loop", {
            inputs: { parameters: { list: output("words") } },
            parameterIterator: { items: { inputParameter: "list" }, itemInput: "item" },
            iteratorPolicy: { parallelismLimit: 2 },
          }),
        },
      },
    },
    "comp-loop": { dag: { tasks: { "condition-2": task("comp-if", { triggerPolicy: { condition: "inputs.parameter_values['item'] == 'a'" } }) } } },
    "comp-if": { dag: { tasks: { pick: task("comp-pick", { retryPolicy: { maxRetryCount: 2 }, cachingOptions: { enableCache: true } }) } } },
  },
  deploymentSpec: {
    executors: { "exec-words": { container: { image: "busybox", command: ["sh"], args: ["-c", "true"] } }, "exec-import": { importer: {} } },
  },
  root: {
    dag: {
      tasks: {
        map: task("comp-import"),
        guarded: task("comp-guarded", {
          dependentTasks: ["map"],
          inputs: { artifacts: { map: { taskOutputArtifact: { producerTask: "map", outputArtifactKey: "artifact" } } } },
        }),
        sweep: task("comp-sweep", {
          inputs: { parameters: { status: { taskFinalStatus: { producerTask: "guarded" } } } },
          triggerPolicy: { strategy: "ALL_UPSTREAM_TASKS_COMPLETED" },
        }),
      },
    },
    inputDefinitions: { parameters: { season: { parameterType: "STRING", defaultValue: "autumn", isOptional: true } } },
  },
};

const pipeline = readPipeline(SPEC);

describe("a definition", () => {
  it("is read with and without a platform document", () => {
    expect(readPipeline({ pipeline_spec: SPEC, platform_spec: {} })).toEqual(pipeline);
    expect(pipeline).toMatchObject({ name: "orchard", description: "Picks.", sdkVersion: "kfp-2.17.0" });
    expect(pipeline.inputs).toEqual([{ name: "season", kind: "parameter", type: "STRING", isOptional: true, isList: false, defaultValue: "autumn" }]);
    expect(countTasks(pipeline.root)).toBe(7);
  });

  it.each([
    ["map", "importer"],
    ["guarded", "exitHandler"],
    ["sweep", "container"],
    ["guarded/words", "container"],
    ["guarded/for-loop-1", "loop"],
    ["guarded/for-loop-1[4]/condition-2", "condition"],
    ["guarded/for-loop-1/condition-2/pick", "container"],
  ])("has %s as a %s", (path, kind) => expect(taskAt(pipeline, path)?.kind).toBe(kind));

  it("has what a task is made of", () => {
    expect(taskAt(pipeline, "guarded/for-loop-1")?.loop).toEqual({ over: "parameters", items: "list", itemInput: "item", atOnce: 2 });
    expect(taskAt(pipeline, "guarded/for-loop-1/condition-2/pick")).toMatchObject({ image: "busybox", command: ["sh", "-c", "true"], retries: 2, isCached: true });
    expect(taskAt(pipeline, "sweep")?.runsAlways).toBe(true);
    expect(taskAt(pipeline, "nothing/here")).toBeUndefined();
  });

  it("has edges by artifacts, parameters, statuses and what is only waited for", () => {
    expect(pipeline.root.edges).toEqual([
      { from: "map", to: "guarded", artifacts: ["map"], parameters: [] },
      { from: "guarded", to: "sweep", artifacts: [], parameters: [] },
    ]);
    expect(dagAt(pipeline, "guarded")?.edges).toEqual([{ from: "words", to: "for-loop-1", artifacts: [], parameters: ["list"] }]);
  });

  it.each([[undefined], [null], ["text"], [{}], [{ root: { dag: { tasks: { one: {} } } } }], [{ root: { dag: { tasks: [] } } }]])("survives %j", (given) =>
    expect(() => layout(graphOf(readPipeline(given), "", new Set()).level)).not.toThrow(),
  );

  it("ends where a component holds itself", () => {
    const dag = { tasks: { again: task("comp-self") } };
    expect(countTasks(readPipeline({ components: { "comp-self": { dag } }, root: { dag } }).root)).toBe(2);
  });
});

describe("a graph", () => {
  const paths = (open: readonly string[], at = "") => [...graphOf(pipeline, at, new Set(open)).nodes.keys()];
  it.each<[string, string[], string, string[]]>([
    ["closed", [], "", ["map", "guarded", "sweep"]],
    ["with a group open", ["guarded"], "", ["map", "guarded", "guarded/words", "guarded/for-loop-1", "sweep"]],
    ["of an iteration alone", [], "guarded/for-loop-1[3]", ["guarded/for-loop-1[3]/condition-2"]],
    ["of an iteration in it", ["guarded/for-loop-1[3]"], "guarded", ["guarded/words", "guarded/for-loop-1", "guarded/for-loop-1[3]/condition-2"]],
    ["of nothing", [], "nowhere", []],
  ])("%s", (_, open, at, expected) => expect(paths(open, at).toSorted()).toEqual(expected.toSorted()));

  it("opens one iteration of a loop at a time", () => {
    expect(withOpened(["a", "b[1]", "b[1]/c"], "b[2]")).toEqual(["a", "b[2]"]);
    expect(withClosed(["a", "b[1]", "b[1]/c", "bc"], "b")).toEqual(["a", "bc"]);
    expect(openFor(["guarded"], "guarded/for-loop-1[3]/condition-2/pick")).toEqual(["guarded", "guarded/for-loop-1[3]", "guarded/for-loop-1[3]/condition-2"]);
    expect(nodeFor("a/b[2]")).toBe("a/b");
    expect(nodeFor("a[2]/b")).toBe("a[2]/b");
  });
});
