import { describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { EMPTY_FORM, formOf, nameProblem, type NotebookForm, objectsOf, problemsOf } from "./notebookForm";

const form = (change: Partial<NotebookForm> = {}): NotebookForm => ({ ...EMPTY_FORM, name: "first", ...change });
const notebookOf = (given: NotebookForm) => JSON.parse(JSON.stringify(objectsOf(given).at(-1)));

describe("what the form makes", () => {
  it("a claim and a notebook that uses it", () => {
    const [claim, notebook] = objectsOf(form());
    expect(claim).toMatchObject({ kind: "PersistentVolumeClaim", metadata: { name: "first-workspace" }, spec: { resources: { requests: { storage: "5Gi" } } } });
    expect(notebook).toMatchObject({
      apiVersion: "kubeflow.org/v1",
      kind: "Notebook",
      metadata: { name: "first", namespace: "default" },
      spec: { template: { spec: { volumes: [{ persistentVolumeClaim: { claimName: "first-workspace" } }, { emptyDir: { medium: "Memory" } }] } } },
    });
  });

  it("no claim for a volume that is there, and none at all", () => {
    expect(objectsOf(form({ workspace: { kind: "existing", name: "mine" } }))).toHaveLength(1);
    const bare = notebookOf(form({ workspace: { kind: "none" }, sharedMemory: false }));
    expect(bare.spec.template.spec.volumes).toBeUndefined();
    expect(bare.spec.template.spec.containers[0].volumeMounts).toBeUndefined();
  });

  it("GPUs, variables and data volumes where there are some", () => {
    const [container] = notebookOf(
      form({ gpus: 1, environment: [{ name: "A", value: "1" }], data: [{ claim: "digits", path: "/data", readOnly: true }] }),
    ).spec.template.spec.containers;
    expect(container.resources.limits["nvidia.com/gpu"]).toBe("1");
    expect(container.env).toEqual([{ name: "A", value: "1" }]);
    expect(container.volumeMounts[1]).toEqual({ name: "data-1", mountPath: "/data", readOnly: true });
  });

  it("reads the same as YAML", () => {
    const objects = objectsOf(form());
    const text = objects.map((object) => stringify(object)).join("---\n");
    expect(parseAllDocuments(text).map((document) => document.toJS())).toEqual(objects);
    expect(text).toContain("name: first-workspace");
  });
});

describe("what YAML says to the form", () => {
  it.each<Partial<NotebookForm>>([
    {},
    { gpus: 2, sharedMemory: false, namespace: "team" },
    { workspace: { kind: "existing", name: "mine" }, data: [{ claim: "digits", path: "/data", readOnly: true }] },
    { workspace: { kind: "none" }, environment: [{ name: "A", value: "1" }], memory: "2" },
  ])("the same as was filled in: %j", (change) => {
    const read = parseAllDocuments(objectsOf(form(change)).map((object) => stringify(object)).join("---\n")).map((document) => document.toJS());
    const found = formOf(read);
    expect(found && objectsOf(found)).toEqual(objectsOf(form(change)));
  });

  it("nothing where it says more than the form can, or something else", () => {
    const [claim, notebook] = JSON.parse(JSON.stringify(objectsOf(form())));
    notebook.spec.template.spec.tolerations = [];
    expect(formOf([claim, notebook])).toBeUndefined();
    expect(formOf([])).toBeUndefined();
    expect(formOf([{ kind: "Notebook" } as never])).toBeUndefined();
  });
});

describe("what is wrong with it", () => {
  it.each<[Partial<NotebookForm>, string]>([
    [{ name: "" }, "name"],
    [{ name: "First" }, "name"],
    [{ name: "there" }, "name"],
    [{ image: " " }, "image"],
    [{ cpu: "much" }, "cpu"],
    [{ memory: "0" }, "memory"],
    [{ workspace: { kind: "existing", name: "" } }, "workspace"],
    [{ workspace: { kind: "new", name: "", size: "big" } }, "size"],
    [{ data: [{ claim: "a", path: "data", readOnly: false }] }, "data"],
    [{ data: [{ claim: "a", path: "/home/jovyan", readOnly: false }] }, "data"],
    [{ environment: [{ name: "1 A", value: "" }] }, "environment"],
  ])("%j: %s", (change, field) => expect(Object.keys(problemsOf(form(change), ["there"]))).toEqual([field]));

  it("nothing, at first but for the name", () => {
    expect(problemsOf(form())).toEqual({});
    expect(nameProblem("a".repeat(53))).toContain("52");
  });
});
