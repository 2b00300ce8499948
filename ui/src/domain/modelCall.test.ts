import { expect, it } from "vitest";
import { curlCall, inferBody, inferPath, predictPath, pythonCall, rustCall } from "./modelCall";

const call = { url: "http://localhost/serving/default/it/v1/models/it:predict", body: { instances: [[1.5, true, null, "it's"]] } };

it("names what is asked by the model", () => {
  expect(inferPath("a b")).toBe("/v2/models/a%20b/infer");
  expect(predictPath("digits")).toBe("/v1/models/digits:predict");
  expect(inferBody([])).toEqual({ inputs: [] });
});

it("quotes for a shell", () => {
  expect(curlCall(call)).toContain(String.raw`-d '{"instances":[[1.5,true,null,"it'\''s"]]}'`);
});

it("is a literal of Python", () => {
  expect(pythonCall(call)).toContain(`"instances": [[1.5, True, None, "it's"]],`);
  expect(pythonCall(call)).toContain(`Request("${call.url}", json.dumps(body).encode()`);
});

it("is a literal of Rust", () => {
  const text = rustCall(call);
  expect(text).toContain(`.post("${call.url}")`);
  expect(text).toContain('let body = json!({\n        "instances": [');
});
