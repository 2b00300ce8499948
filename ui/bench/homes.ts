// The two workbenches that are looked at: one that ran things, and one on an engine that does nothing, with very many runs.

import { readFileSync, writeFileSync } from "node:fs";
import { type Made, pipelineFile, step } from "../e2e/definition";
import { Workbench } from "../e2e/harness";

export const LINES = 1_000_000;
export const RUNS = 10_000;
export const STEPS = 2_000;

const OWN = "/apis/coracle/v1";
const KFP = "/apis/v2beta1";
const CLIENTS = 50;
/** How many steps of the large graph begin it. */
const CHAINS = 40;

export interface Task {
  readonly id: string;
  readonly state: string;
}

/** Asks a workbench, which has to agree. */
export async function ask<Answer>(workbench: Workbench, path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(workbench.pages + path, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Answer;
}

const sent = (body: object): RequestInit => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** Begins a run; its id. */
export async function begin(workbench: Workbench, file: string): Promise<string> {
  const definition = readFileSync(file).toString("base64");
  return (await ask<{ run_id: string }>(workbench, `${OWN}/runs`, sent({ file_name: "pipeline.yaml", definition, cache: false }))).run_id;
}

/** Waits for the end of a run by its events, which are all there are of it; what they say. */
export async function eventsOf(workbench: Workbench, run: string): Promise<readonly Told[]> {
  const aborting = new AbortController();
  const response = await fetch(`${workbench.pages}${OWN}/events?run=${run}`, { signal: aborting.signal });
  const told: Told[] = [];
  let text = "";
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (text + part).split("\n");
    text = lines.pop() ?? "";
    told.push(...lines.filter((line) => line.startsWith("data:")).map((line) => JSON.parse(line.slice(5)) as Told));
    const last = told.at(-1);
    if (last?.what.type === "run" && ["SUCCEEDED", "FAILED"].includes(last.what.state ?? "")) break;
  }
  aborting.abort();
  return told;
}

/** An event of a run. */
export interface Told {
  readonly at: string;
  readonly run_id: string;
  readonly what: { readonly type: string; readonly path?: string; readonly state?: string };
}

export const whole = async (workbench: Workbench, file: string): Promise<string> => {
  const run = await begin(workbench, file);
  const last = (await eventsOf(workbench, run)).at(-1);
  if (last?.what.state !== "SUCCEEDED") throw new Error(`${file} did not succeed`);
  return run;
};

/** One step of which the log is very long. */
export const loud = (workbench: Workbench): string =>
  pipelineFile(workbench.home, "loud", [step("talk", `seq -f 'line %.0f of many, about as long as what a training loop says' 1 ${LINES}`)]);

export async function upload(workbench: Workbench, name: string, file: string): Promise<string> {
  const form = new FormData();
  form.set("uploadfile", new Blob([readFileSync(file)]), "pipeline.yaml");
  return (await ask<{ pipeline_id: string }>(workbench, `${KFP}/pipelines/upload?name=${name}`, { method: "POST", body: form })).pipeline_id;
}

/** A step that leaves an artifact. */
export function withArtifact(workbench: Workbench): string {
  const path = pipelineFile(workbench.home, "artifact", [step("make", "")]);
  const definition = JSON.parse(readFileSync(path, "utf8")) as { components: Record<string, object>; deploymentSpec: { executors: Record<string, { container: object }> } };
  definition.components["comp-make"] = {
    ...definition.components["comp-make"],
    outputDefinitions: { artifacts: { table: { artifactType: { schemaTitle: "system.Dataset", schemaVersion: "0.0.1" } } } },
  };
  definition.deploymentSpec.executors["exec-make"] = {
    container: {
      image: "busybox",
      command: ["sh", "-euc", 'mkdir -p "$(dirname "$0")"; printf "name,score\\nsvm,0.99\\n" > "$0"', "{{$.outputs.artifacts['table'].path}}"],
    },
  };
  writeFileSync(path, JSON.stringify(definition));
  return path;
}

/** Thousands of steps, in chains beside each other. */
export function large(workbench: Workbench): string {
  const names = Array.from({ length: STEPS }, (_, index) => `step-${index}`);
  return pipelineFile(
    workbench.home,
    "large",
    names.map((name, index): Made => step(name, "true", index < CHAINS ? {} : { after: [`step-${index - CHAINS}`] })),
  );
}

/** Very many runs of one step, made by many clients at once. */
export async function fill(workbench: Workbench): Promise<void> {
  const file = pipelineFile(workbench.home, "one", [step("only", "true")]);
  const pipeline = { pipeline_id: await upload(workbench, "one", file) };
  let next = 0;
  const client = async () => {
    while (next < RUNS) {
      next += 1;
      // Each client makes one run after the other.
      // oxlint-disable-next-line no-await-in-loop
      await ask(workbench, `${KFP}/runs`, sent({ display_name: `run ${next}`, pipeline_version_reference: pipeline }));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

/** Every page, with something on it. */
export async function pagesOf(workbench: Workbench): Promise<readonly (readonly [name: string, address: string])[]> {
  const file = withArtifact(workbench);
  const [pipeline, run, other] = [await upload(workbench, "artifact", file), await whole(workbench, file), await whole(workbench, file)];
  workbench.command("volume", "create", "training-data");
  workbench.command("secret", "set", "object-store", "access_key=a");
  const { artifacts } = await ask<{ artifacts: readonly { artifact: { id: number } }[] }>(workbench, `${OWN}/runs/${run}/artifacts`);
  return [
    ["home", "/"],
    ["runs", "/runs"],
    ["a run: graph", `/runs/${run}`],
    ["a run: timeline", `/runs/${run}?tab=timeline`],
    ["a run: logs", `/runs/${run}?tab=logs`],
    ["a run: artifacts", `/runs/${run}?tab=artifacts`],
    ["a run: values", `/runs/${run}?tab=values`],
    ["two runs", `/compare?runs=${run},${other}`],
    ["pipelines", "/pipelines"],
    ["a pipeline", `/pipelines/${pipeline}`],
    ["new run", `/new-run?pipeline=${pipeline}`],
    ["recurring runs", "/recurring"],
    ["experiments", "/experiments"],
    ["artifacts", "/artifacts"],
    ["an artifact", `/artifacts/${artifacts[0]?.artifact.id}`],
    ["notebooks", "/notebooks"],
    ["new notebook", "/notebooks/new"],
    ["volumes", "/volumes"],
    ["secrets", "/secrets"],
    ["disk", "/disk"],
    ["settings", "/settings"],
  ];
}

