import { expect, it } from "vitest";
import { asCommand, asCurl, asPython, python, requestOf, type Wanted } from "./request";
import { FIRST_SCHEDULE } from "./schedule";

const wanted: Wanted = {
  source: { pipeline: "p", version: "v" },
  definition: { root: { dag: { tasks: { a: { cachingOptions: { enableCache: true } } } } } },
  name: "night run",
  description: "",
  experiment: "e",
  root: "",
  cache: true,
  values: { epochs: 3, name: "it's" },
};

it("is a message of KFP's API", () => {
  expect(requestOf(wanted)).toEqual({
    path: "/apis/v2beta1/runs",
    body: {
      display_name: "night run",
      experiment_id: "e",
      pipeline_version_reference: { pipeline_id: "p", pipeline_version_id: "v" },
      runtime_config: { parameters: { epochs: 3, name: "it's" } },
    },
  });
});

it("carries the definition where the cache is off", () => {
  const { body } = requestOf({ ...wanted, cache: false, root: "minio://b/x" });
  expect(body["pipeline_version_reference"]).toBeUndefined();
  expect(body["pipeline_spec"]).toEqual({ root: { dag: { tasks: { a: { cachingOptions: {} } } } } });
  expect(body["runtime_config"]).toMatchObject({ pipeline_root: "minio://b/x" });
});

it("recurs", () => {
  const { path, body } = requestOf({ ...wanted, schedule: { ...FIRST_SCHEDULE, kind: "interval", every: "2", catchUp: true } });
  expect(path).toBe("/apis/v2beta1/recurringruns");
  expect(body).toMatchObject({ trigger: { periodic_schedule: { interval_second: 7200 } }, max_concurrency: 1, no_catchup: false, mode: "ENABLE" });
});

it("can be pasted into a shell", () => {
  expect(asCommand(wanted)).toBe(`coracle run pipeline.yaml \\\n  -p epochs=3 \\\n  -p 'name=it'\\''s' \\\n  --name 'night run'`);
  expect(asCurl(requestOf(wanted), "http://h")).toContain("curl -X POST http://h/apis/v2beta1/runs");
});

it("can be pasted into Python", () => {
  expect(python({ a: [true, null], b: {} })).toBe('{\n    "a": [True, None],\n    "b": {},\n}');
  expect(asPython({ ...wanted, source: { pipeline: "p" } }, "http://h")).toContain("version_id=newest.pipeline_version_id,");
  expect(asPython({ ...wanted, cache: false }, "http://h")).toContain('pipeline_package_path="pipeline.yaml",');
  expect(asPython({ ...wanted, schedule: FIRST_SCHEDULE }, "http://h")).toContain('    cron_expression="0 0 3 * * *",');
});
