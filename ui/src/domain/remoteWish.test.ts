import { describe, expect, it } from "vitest";
import { FIRST_NEEDS, lowerRequest, needsErrors, remoteCommand, remoteRequest, type RemoteWish, targetErrors } from "./remoteWish";
import { FIRST_SCHEDULE } from "./schedule";

const target = { context: "prod", endpoint: "", token: "", namespace: "", confirm: "" };
const wish: RemoteWish = { target, definition: "a: 1\n", pipeline: "digits", name: " ", experiment: "", values: { rate: 0.5, word: "it's" } };

describe("a wish", () => {
  it("says no more than was typed", () => {
    expect(remoteRequest(wish)).toEqual({
      place: { context: { name: "prod" } },
      definition: "YTogMQo=",
      file_name: "digits.yaml",
      parameters: { rate: { value: 0.5 }, word: { value: "it's" } },
    });
  });

  it("has a token only at an address, and a name to confirm only at a context", () => {
    const both = { endpoint: " http://a:1 ", token: "t", confirm: "prod", namespace: "team" };
    const away = remoteRequest({ ...wish, target: { ...target, ...both, context: "" } });
    expect(away).toMatchObject({ place: { endpoint: "http://a:1" }, token: "t", namespace: "team" });
    expect(away).not.toHaveProperty("confirm");
    const near = remoteRequest({ ...wish, target: { ...target, ...both } });
    expect(near).toMatchObject({ confirm: "prod" });
    expect(near).not.toHaveProperty("token");
  });

  it("has its rhythm", () => {
    expect(remoteRequest({ ...wish, schedule: { ...FIRST_SCHEDULE, cron: " @daily ", concurrency: "2", catchUp: true } }).recurrence).toEqual({
      rhythm: { cron: "@daily" },
      catch_up: true,
      max_concurrency: 2,
    });
    expect(remoteRequest({ ...wish, schedule: { ...FIRST_SCHEDULE, kind: "interval", every: "2", unit: "hours" } }).recurrence?.rhythm).toEqual({ every_seconds: 7200 });
  });

  it("is a command that a shell takes, without the token", () => {
    expect(remoteCommand(wish)).toBe(`coracle deploy digits.yaml --context prod -p rate=0.5 -p 'word=it'\\''s'`);
    const away = remoteCommand({ ...wish, values: {}, target: { ...target, context: "", endpoint: "http://a:1", token: "swordfish" }, schedule: FIRST_SCHEDULE });
    expect(away).toBe("coracle deploy digits.yaml --kfp-endpoint http://a:1 --kfp-token-file token --cron '0 0 3 * * *' --no-catchup");
  });
});

it("needs an address, or the name of what is protected", () => {
  expect(targetErrors(target, false)).toEqual({});
  expect(Object.keys(targetErrors(target, true))).toEqual(["confirm"]);
  expect(targetErrors({ ...target, confirm: "prod" }, true)).toEqual({});
  for (const endpoint of ["", "kfp.example", "ftp://a", "http:///"]) expect(Object.keys(targetErrors({ ...target, context: "", endpoint }, false))).toEqual(["endpoint"]);
  expect(targetErrors({ ...target, context: "", endpoint: "http://127.0.0.1:8888" }, false)).toEqual({});
});

describe("a wish for Argo Workflows", () => {
  const needs = { ...FIRST_NEEDS, stepImage: " registry/step:1 ", size: "5Gi" };
  const own = { step_image: "registry/step:1", store: { per_run: { size: "5Gi", access_mode: "ReadWriteMany" } } };

  it("has what pods need: a claim that is there, or one of each run", () => {
    expect(remoteRequest({ ...wish, needs }).workflow).toEqual(own);
    expect(remoteRequest({ ...wish, needs: { ...needs, claim: "runs" } }).workflow?.store).toEqual({ claim: "runs" });
    expect(remoteRequest({ ...wish, needs, target: { ...target, context: "", endpoint: "http://a" } })).not.toHaveProperty("workflow");
    expect(remoteCommand({ ...wish, values: {}, needs })).toBe("coracle deploy digits.yaml --context prod --step-image registry/step:1 --size 5Gi");
  });

  it("has the class and the mode of its own claim, and whom pods run and pull as", () => {
    const all = { ...needs, storageClass: " fast ", accessMode: "ReadWriteOnce" as const, serviceAccount: " runner ", pullSecrets: "one, two\tthree" };
    const who = { service_account: "runner", image_pull_secrets: ["one", "two", "three"] };
    expect(remoteRequest({ ...wish, needs: all }).workflow).toEqual({ ...own, store: { per_run: { size: "5Gi", access_mode: "ReadWriteOnce", storage_class: "fast" } }, ...who });
    expect(remoteRequest({ ...wish, needs: { ...all, claim: "runs" } }).workflow).toEqual({ ...own, store: { claim: "runs" }, ...who });
    expect(remoteCommand({ ...wish, values: {}, needs: all })).toBe(
      "coracle deploy digits.yaml --context prod --step-image registry/step:1 --size 5Gi --storage-class fast --access-mode ReadWriteOnce --service-account runner --pull-secret one --pull-secret two --pull-secret three",
    );
    expect(remoteCommand({ ...wish, values: {}, needs: { ...all, claim: "runs" } })).toContain("--claim runs --service-account runner");
  });

  it("has a bucket in the place of a claim", () => {
    const shared = { ...needs, claim: "runs", bucket: " s3://runs/team/a ", storeUrl: " http://minio:9000 ", bucketSecret: "keys" };
    expect(remoteRequest({ ...wish, needs: shared }).workflow?.store).toEqual({ bucket: { bucket: "runs", prefix: "team/a", endpoint: "http://minio:9000", secret: "keys" } });
    expect(remoteRequest({ ...wish, needs: { ...shared, bucket: "s3://runs", bucketSecret: "" } }).workflow?.store).toEqual({ bucket: { bucket: "runs", endpoint: "http://minio:9000" } });
    expect(remoteCommand({ ...wish, values: {}, needs: shared })).toBe(
      "coracle deploy digits.yaml --context prod --step-image registry/step:1 --bucket s3://runs/team/a --endpoint http://minio:9000 --bucket-secret keys",
    );
    expect(needsErrors(shared)).toEqual({});
    for (const bucket of ["runs", "s3://", "s3:///a", "s3://runs//a", "s3://runs/"]) expect(Object.keys(needsErrors({ ...shared, bucket }))).toEqual(["bucket"]);
    expect(Object.keys(needsErrors({ ...shared, storeUrl: "minio:9000" }))).toEqual(["storeUrl"]);
  });

  it("is a file as well", () => {
    const { definition, file_name, parameters, recurrence } = remoteRequest({ ...wish, schedule: FIRST_SCHEDULE });
    expect(lowerRequest({ ...wish, schedule: FIRST_SCHEDULE }, needs)).toEqual({ definition, file_name, parameters, recurrence, on: own });
  });

  it("needs an image and room", () => {
    expect(needsErrors(needs)).toEqual({});
    expect(Object.keys(needsErrors({ ...FIRST_NEEDS, stepImage: " ", size: "" }))).toEqual(["stepImage", "size"]);
    expect(needsErrors({ ...needs, size: "", claim: "runs" })).toEqual({});
  });
});
