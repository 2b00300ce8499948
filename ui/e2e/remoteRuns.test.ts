import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { pipelineFile, step } from "./definition";
import { axe, stand, Workbench } from "./harness";
import { Keys } from "./keys";

// Another workbench stands for a cluster's Kubeflow Pipelines.
const there = new Workbench({ engine: "process" });
const kubeconfig = join(there.home, "kubeconfig");
const { workbench, visit } = stand({ engine: "process", environment: { KUBECONFIG: kubeconfig, CORACLE_PROTECTED_CONTEXTS: "coracle" } });
const gate = join(there.home, "gate");
let pipeline = "";

/** Beside the cluster that answers, the kubeconfig has one that nobody is at. */
function addSilent() {
  const config = parse(readFileSync(kubeconfig, "utf8")) as { clusters: unknown[]; contexts: { context: { user: string } }[] };
  config.clusters.push({ name: "silent", cluster: { server: "https://127.0.0.1:1" } });
  config.contexts.push({ ...config.contexts[0], name: "silent", context: { ...config.contexts[0]?.context, cluster: "silent" } } as never);
  writeFileSync(kubeconfig, stringify(config));
}

beforeAll(async () => {
  await there.start();
  there.command("kubeconfig", "--file", kubeconfig);
  addSilent();
  // It ends with the tests, however they end.
  const wait = `while [ -d ${there.home} ] && [ ! -e ${gate} ]; do sleep 0.1; done; echo {{$.inputs.parameters['word']}}`;
  const file = pipelineFile(workbench.home, "journey", [step("load", wait, { inputs: ["word"] }), step("train", "echo done", { after: ["load"] })], ["word"]);
  const upload = new FormData();
  upload.set("uploadfile", new Blob([readFileSync(file)]), "journey.yaml");
  const uploaded = await fetch(`${workbench.address}/apis/v2beta1/pipelines/upload?name=journey`, { method: "POST", body: upload });
  pipeline = ((await uploaded.json()) as { pipeline_id: string }).pipeline_id;
});

afterAll(async () => await there.close());

const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { level: 1, name });
const byAddress = (page: Page) => page.getByLabel("Send to", { exact: true }).selectOption("Another server, by its address");
const state = (page: Page, word: string) => page.locator("main header").getByText(word);
const place = () => new URL(there.address).host;

it("sends a pipeline from its page, shows its run beside those here, and follows it to its end", async () => {
  const { page, faults } = await visit(`/pipelines/${pipeline}`);
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Send to a cluster" }).click();
  await heading(page, "Send journey to a cluster").waitFor();
  expect(await axe(page)).toEqual([]);

  // What is missing is said at its field, and nothing is sent.
  await byAddress(page);
  await page.getByRole("button", { name: "Send journey" }).click();
  await page.getByText("2 fields need other values").waitFor();
  await page.getByText("An address is needed").waitFor();
  await page.getByLabel("Address").fill(there.address);
  await page.getByLabel(/^word ·/).fill("by mouse");
  await page.getByLabel("Name", { exact: true }).fill("sent by mouse");
  await page.getByLabel("Experiment").fill("from afar");
  await page.getByRole("button", { name: "Send journey" }).click();
  await heading(page, "sent by mouse").waitFor();
  const heard = page.getByRole("list", { name: "What was heard" });
  await heard.getByText("The pipeline was uploaded").waitFor();
  await state(page, "Running").waitFor();
  expect(await axe(page)).toEqual([]);

  // One of its own, so that both are there.
  const own = pipelineFile(workbench.home, "own", [step("only", "true")]);
  workbench.command("run", own, "--name", "run here");
  await page.goto(`${workbench.pages}/#/runs`);
  const table = page.getByRole("table", { name: "Runs" });
  const row = table.getByRole("row", { name: /sent by mouse/ });
  await row.getByText(place()).waitFor();
  await row.getByText("Running").waitFor();
  expect(await row.getByRole("checkbox").count()).toBe(0);
  const here = table.getByRole("row", { name: /run here/ });
  await here.waitFor();
  expect(await here.getByText(place()).count()).toBe(0);
  await page.getByText("2 runs, 1 of them on clusters").waitFor();
  expect(await axe(page)).toEqual([]);
  await row.click();
  await heading(page, "sent by mouse").waitFor();

  // It goes on there, and the page hears of it.
  writeFileSync(gate, "");
  await state(page, "Succeeded").waitFor();
  const tasks = page.getByRole("list", { name: "Tasks" });
  for (const name of ["load", "train"]) await tasks.getByRole("listitem").filter({ hasText: name }).getByText("Succeeded").waitFor(); // oxlint-disable-line no-await-in-loop -- one after the other
  const made = (await (await fetch(`${there.address}/apis/v2beta1/runs`)).json()) as { runs: { run_id: string; display_name: string; runtime_config: unknown }[] };
  expect(made.runs.map(({ display_name: name, runtime_config: config }) => [name, config])).toMatchObject([["sent by mouse", { parameters: { word: "by mouse" } }]]);
  await page.getByText(made.runs[0]?.run_id ?? "no id", { exact: true }).waitFor();
  expect(faults).toEqual([]);
});

it("does the same without a pointer, on a protected context whose name is typed", async () => {
  writeFileSync(gate, "");
  const { page, faults } = await visit(`/pipelines/${pipeline}`);
  await heading(page, "journey").waitFor();
  const keys = new Keys(page);
  await keys.choose("More", "Send to a cluster");
  await heading(page, "Send journey to a cluster").waitFor();
  await page.getByText(/^Kubernetes v/).waitFor();
  await keys.fill("Name", "sent by keys");
  await keys.fill(/^word ·/, "by keys");
  await keys.press("Enter");
  await page.getByText("One field needs another value").waitFor();
  const confirm = page.getByLabel(/^Type the context's name/);
  await keys.arrives(confirm);
  await keys.type("coracle");
  await keys.press("Enter");
  await heading(page, "sent by keys").waitFor();
  await state(page, "Succeeded").waitFor();
  await keys.press("g");
  await keys.press("r");
  await heading(page, "Runs").waitFor();
  await page.getByRole("row", { name: /sent by keys/ }).getByText("coracle", { exact: true }).waitFor();
  await keys.to("row", /sent by keys/);
  await keys.press("Enter");
  await heading(page, "sent by keys").waitFor();
  await page.getByRole("list", { name: "Tasks" }).getByText("train").waitFor();
  expect(faults).toEqual([]);
});

it("says what keeps a run from being sent, and what keeps it from being followed", async () => {
  rmSync(gate, { force: true });
  const { page } = await visit(`/deploy?pipeline=${pipeline}`);
  await byAddress(page);
  await page.getByLabel("Address").fill(there.address);
  await page.getByLabel(/^word ·/).fill("later");
  await page.getByLabel("Name", { exact: true }).fill("sent later");
  await there.stop();
  const send = page.getByRole("button", { name: "Send journey" });
  await send.click();
  await page.getByRole("alert").waitFor();
  expect(await axe(page)).toEqual([]);

  await there.start();
  await send.click();
  await heading(page, "sent later").waitFor();
  await state(page, "Running").waitFor();
  await there.stop();
  await state(page, "Not answered").waitFor();
  await page.getByRole("alert").waitFor();
  expect(await axe(page)).toEqual([]);
  writeFileSync(gate, "");
  await there.start();
  await page.getByRole("list", { name: "What was heard" }).getByText("The server answers again").waitFor();
  await page.getByRole("alert").waitFor({ state: "detached" });
  await state(page, "Succeeded").waitFor();
});

it("sends nothing where preflight finds an error, and says why", async () => {
  const { page, faults } = await visit(`/deploy?pipeline=${pipeline}`);
  await page.getByLabel(/^word ·/).fill("kept");
  const send = page.getByRole("button", { name: "Send journey" });
  await page.getByLabel("Send to", { exact: true }).selectOption("silent");
  await page.getByText(/^Off, since it would not work there/).waitFor();
  expect(await send.isDisabled()).toBe(true);
  const shots = process.env["CORACLE_SHOTS"];
  if (shots) await page.screenshot({ path: join(shots, "send-pipeline-off.png"), animations: "disabled" });
  expect(await send.getAttribute("aria-describedby")).toBe(await page.getByText(/^Off, since/).evaluate((element) => element.closest("p")?.id));
  expect(await axe(page)).toEqual([]);
  await page.getByLabel("Send to", { exact: true }).selectOption("coracle");
  await page.getByText(/^Kubernetes v/).waitFor();
  expect(await page.getByText(/^Off, since/).count()).toBe(0);
  expect(await send.isEnabled()).toBe(true);
  expect(faults).toEqual([]);
});

it("goes on with an equal run that is open, and stops it on a protected context whose name is typed", async () => {
  rmSync(gate, { force: true });
  const { page, faults } = await visit(`/deploy?pipeline=${pipeline}`);
  const fill = async () => {
    await page.getByLabel(/^word ·/).fill("stopped");
    await page.getByLabel("Name", { exact: true }).fill("to be stopped");
    await page.getByLabel(/^Type the context's name/).fill("coracle");
    await page.getByRole("button", { name: "Send journey" }).click();
  };
  await fill();
  await heading(page, "to be stopped").waitFor();
  await state(page, "Running").waitFor();
  await page.goto(`${workbench.pages}/#/deploy?pipeline=${pipeline}`);
  await fill();
  await page.getByText("An equal run is still open").waitFor();
  expect(await axe(page)).toEqual([]);
  await page.getByRole("button", { name: "Go on to the run" }).click();
  await heading(page, "to be stopped").waitFor();

  await page.getByRole("button", { name: "Stop", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Stop to be stopped on coracle?" });
  const stop = dialog.getByRole("button", { name: "Stop the run" });
  await dialog.getByText("is protected").waitFor();
  expect(await stop.isDisabled()).toBe(true);
  const shots = process.env["CORACLE_SHOTS"];
  if (shots) await page.screenshot({ path: join(shots, "cluster-run-stop.png"), animations: "disabled" });
  expect(await axe(page)).toEqual([]);
  await dialog.getByLabel(/^Type the context's name/).fill("coracle");
  await stop.click();
  // As Kubeflow Pipelines has it: what was stopped has failed.
  await state(page, "Failed").waitFor();
  await page.getByRole("button", { name: "Stop", exact: true }).waitFor({ state: "detached" });
  const made = (await (await fetch(`${there.address}/apis/v2beta1/runs`)).json()) as { runs: { display_name: string; state: string }[] };
  expect(made.runs.filter(({ display_name: name }) => name === "to be stopped").map(({ state: at }) => at)).toEqual(["FAILED"]);
  expect(faults).toEqual([]);
});

it("shows the log of a task's pod where it is known", async () => {
  const { runs } = (await (await fetch(`${workbench.address}/apis/coracle/v1/clusters/runs`)).json()) as { runs: { run_id: string }[] };
  const { page, faults } = await visit("/runs");
  await page.getByText("live", { exact: true }).waitFor();
  // Argo Workflows tell of pods, and no cluster has them here: what the workbench says of a run is put in its place.
  const task = { name: "train", states: ["RUNNING"], artifacts: {}, pod: "journey-train-1" };
  const told = { ...runs[0], place: { context: { name: "coracle", kubeconfig: null } }, namespace: "team", stage: "SENT", state: "RUNNING", tasks: [task, { ...task, name: "load", pod: null }] };
  await page.route(`**/clusters/runs/${runs[0]?.run_id}`, (route) => route.fulfill({ json: told }));
  const asked: string[] = [];
  await page.route("**/clusters/workloads:follow?*", (route) => {
    asked.push(route.request().url());
    const news = [{ type: "line", pod: task.pod, container: "main", text: "epoch 1 of 3" }, { type: "ended", end: "failed", reason: "Error" }];
    return route.fulfill({ contentType: "text/event-stream", body: news.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("") });
  });
  await page.goto(`${workbench.pages}/#/runs/remote/${runs[0]?.run_id}`);
  const tasks = page.getByRole("list", { name: "Tasks" });
  await tasks.getByText("load").waitFor();
  expect(await tasks.getByRole("button", { name: /^Log of/ }).count()).toBe(1);
  await tasks.getByRole("button", { name: "Log of train" }).click();
  const log = page.getByRole("log", { name: "Log of pod/journey-train-1 in coracle" });
  await log.getByText("epoch 1 of 3").waitFor();
  await log.getByText("— failed: Error").waitFor();
  expect(asked.map((url) => Object.fromEntries(new URL(url).searchParams))).toEqual([{ context: "coracle", namespace: "team", workload: "pod/journey-train-1" }]);
  const shots = process.env["CORACLE_SHOTS"];
  for (const colorScheme of ["light", "dark"] as const) {
    /* oxlint-disable no-await-in-loop -- one look after the other */
    await page.emulateMedia({ colorScheme });
    if (shots) await page.screenshot({ path: join(shots, `cluster-run-log-${colorScheme}.png`), animations: "disabled" });
    expect(await axe(page)).toEqual([]);
    /* oxlint-enable no-await-in-loop */
  }
  expect(faults).toEqual([]);
});

it("keeps what was typed for Argo Workflows, and writes a workflow for a cluster with them only", async () => {
  const { page, faults } = await visit(`/deploy?pipeline=${pipeline}`);
  await page.getByLabel("Run by").selectOption("Argo Workflows");
  const button = page.getByRole("button", { name: "Download the workflow" });
  await page.getByLabel("Image with coracle-step").fill("registry.example/coracle-step:1");
  await page.getByText("Storage class, access mode, account, pull secrets").click();
  await page.getByLabel("Storage class").fill("fast");
  await page.getByLabel("Access mode").selectOption("ReadWriteOnce");
  await page.getByLabel("Service account").fill("runner");
  await page.getByLabel("Pull secrets").fill("one, two");
  await page.getByLabel("Run by").selectOption("Kubeflow Pipelines");
  expect(await page.getByLabel("Image with coracle-step").count()).toBe(0);
  await page.getByLabel("Run by").selectOption("Argo Workflows");
  await page.getByText("--storage-class fast --access-mode ReadWriteOnce --service-account runner --pull-secret one --pull-secret two").waitFor();
  expect(await button.isDisabled()).toBe(true);
  await page.getByLabel(/^word ·/).fill("there");
  const coming = page.waitForEvent("download");
  await button.click();
  const file = await (await coming).path();
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ apiVersion: "argoproj.io/v1alpha1", kind: "Workflow", spec: { arguments: { parameters: [{ name: "parameters", value: '{"word":"there"}' }] } } });
  const made = JSON.parse(readFileSync(file, "utf8")) as { spec: Record<string, unknown> };
  expect(made.spec).toMatchObject({ serviceAccountName: "runner", imagePullSecrets: [{ name: "one" }, { name: "two" }] });
  expect(made.spec["volumeClaimTemplates"]).toMatchObject([{ spec: { storageClassName: "fast", accessModes: ["ReadWriteOnce"] } }]);
  await page.getByText("A bucket instead of a claim").click();
  await page.getByLabel("Bucket", { exact: true }).fill("s3://runs/team");
  expect(await page.getByLabel("Claim", { exact: true }).isDisabled()).toBe(true);
  await page.getByLabel("URL of its store").fill("http://minio.store:9000");
  await page.getByLabel("Secret with its key").fill("keys");
  await page.getByText("--bucket s3://runs/team --endpoint http://minio.store:9000 --bucket-secret keys").waitFor();
  const again = page.waitForEvent("download");
  await button.click();
  const shared = JSON.parse(readFileSync(await (await again).path(), "utf8")) as { spec: Record<string, unknown> };
  expect(shared.spec).not.toHaveProperty("volumeClaimTemplates");
  expect(JSON.stringify(shared.spec)).toContain('"--store","s3://runs/team","--endpoint","http://minio.store:9000"');
  await page.getByText("takes the file").waitFor();
  const shots = process.env["CORACLE_SHOTS"];
  if (shots) await page.screenshot({ path: join(shots, "send-pipeline-argo.png"), fullPage: true });
  expect(await axe(page)).toEqual([]);
  expect(faults).toEqual([]);
});

it("is right in both themes and widths", async () => {
  const { runs } = (await (await fetch(`${workbench.address}/apis/coracle/v1/clusters/runs`)).json()) as { runs: { run_id: string }[] };
  const shots = process.env["CORACLE_SHOTS"];
  const looks = (["light", "dark"] as const).flatMap((theme) => [1440, 390].map((width) => ({ theme, width, height: width === 390 ? 844 : 900 })));
  const pages = { "send-pipeline": `/deploy?pipeline=${pipeline}`, "cluster-run": `/runs/remote/${runs[0]?.run_id}`, "runs-with-clusters": "/runs" };
  const problems: string[] = [];
  for (const look of looks) {
    for (const [name, address] of Object.entries(pages)) {
      /* oxlint-disable no-await-in-loop -- one page after the other */
      const { page, faults } = await visit(address, look);
      await page.locator("main h1").first().waitFor();
      await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
      if (shots) await page.screenshot({ path: join(shots, `${name}-${look.theme}-${look.width}.png`), animations: "disabled" });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (overflow > 0) problems.push(`${name} is ${overflow} px too wide at ${look.width}`);
      problems.push(...faults, ...(await axe(page)).map((finding) => `${name}, ${look.theme}: ${finding}`));
      await page.context().close();
      /* oxlint-enable no-await-in-loop */
    }
  }
  expect(problems).toEqual([]);
}, 120_000);
