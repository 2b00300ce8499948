import { describe, expect, it } from "vitest";
import { EMPTY_MODEL, formatsOf, type ModelForm, modelForm, modelObjects, modelProblems, nameFrom, type Runtime, runtimesFor } from "./modelForm";

const GOOD: ModelForm = { ...EMPTY_MODEL, name: "digits", storage: "pvc://models/digits" };

describe("what is wrong with a form", () => {
  it.each([
    [{}, {}],
    [{ name: "Digits" }, { name: expect.stringContaining("Lower-case") as string }],
    [{ name: "taken" }, { name: "There is a model server of this name" }],
    [{ storage: "" }, { storage: "Say where the model is" }],
    [{ storage: "/models" }, { storage: expect.stringContaining("pvc://") as string }],
    [{ storage: "oci://image" }, { storage: "`oci://` is not served here" }],
    [{ storage: "file://models" }, { storage: expect.stringContaining("whole path") as string }],
    [{ storage: "s3://" }, { storage: "Say where in it the model is" }],
    [{ minReplicas: "-1" }, { minReplicas: expect.stringContaining("whole number") as string }],
  ])("%j", (change, problems) => {
    expect(modelProblems({ ...GOOD, ...change }, ["taken"])).toEqual(problems);
  });
});

it.each([GOOD, { ...GOOD, minReplicas: "0", runtime: "kserve-mlserver", protocol: "v2", namespace: "team" }])("%j is the form of what it makes", (form) => {
  expect(modelForm(modelObjects(form))).toEqual(form);
});

it("is no form that says more than the fields can hold", () => {
  const [made] = modelObjects(GOOD);
  expect(modelForm([{ ...made, spec: { predictor: { containers: [] } } } as never])).toBeUndefined();
  expect(modelForm([{ ...made, metadata: { name: "digits", namespace: "default", labels: { of: "me" } } } as never])).toBeUndefined();
});

it("offers what enabled runtimes take", () => {
  const runtime = (name: string, formats: readonly string[], disabled = false): Runtime => ({ metadata: { name }, spec: { disabled, supportedModelFormats: formats.map((one) => ({ name: one })) } });
  const runtimes = [runtime("two", ["sklearn", "onnx"]), runtime("one", ["sklearn"]), runtime("off", ["pmml"], true)];
  expect(formatsOf(runtimes)).toEqual(["onnx", "sklearn"]);
  expect(runtimesFor(runtimes, "sklearn")).toEqual(["one", "two"]);
});

it.each([
  ["model", "model"],
  ["Digits Model (v2)", "digits-model-v2"],
  ["2nd/model", "nd-model"],
  ["---", ""],
])("names a server of %s", (text, name) => {
  expect(nameFrom(text)).toBe(name);
});
