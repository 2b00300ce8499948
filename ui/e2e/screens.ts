// A picture of every page with real content, light and dark, wide and narrow: what there is to look at before a page is
// called done. `npm run screens` writes them into target/screens.

import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { axe, openBrowser, openPage, Workbench } from "./harness";
import { apply, container, service } from "./modelServers";

const FOLDER = resolve("../target/screens");
const LOOKS = (["light", "dark"] as const).flatMap((theme) => [1440, 390].map((width) => ({ theme, width, height: width === 390 ? 844 : 900 })));

const workbench = new Workbench();
let browser: Browser;
const pages: [name: string, address: string][] = [];

beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  await workbench.start();
  browser = await openBrowser();
  const run = (example: string, ...words: string[]) =>
    (JSON.parse(workbench.attempt("run", `../examples/${example}/pipeline.yaml`, "-o", "json", ...words)) as { run_id: string }).run_id;
  const good = run("digits");
  const other = run("digits", "-p", "svm_penalty=0.05");
  const failed = run("exit-handler", "-p", "fail=true");
  const loop = run("loop", "-p", "sentence=one three fourteen");
  for (const name of ["reader", "writer", "a name that goes on and on so that it does not fit into any column"]) run("hello", "-p", `name=${name}`, "--name", `hello ${name}`);
  workbench.command("volume", "create", "training-data");
  workbench.command("secret", "set", "object-store", "access_key=a", "secret_key=b");
  const { artifacts } = JSON.parse(workbench.command("artifacts", good, "-o", "json")) as { artifacts: { artifact: { id: number; schema_title: string } }[] };
  const upload = new FormData();
  upload.set("uploadfile", new Blob([workbench.definition("digits")]), "digits.yaml");
  const pipeline = (await (await fetch(`${workbench.pages}/apis/v2beta1/pipelines/upload?name=digits`, { method: "POST", body: upload })).json()) as { pipeline_id: string };
  await apply(workbench, service("greets", { containers: [container({ MODEL: "first" })] }));
  await apply(workbench, service("broken", { containers: [container({}, "raise SystemExit('there are no weights')")] }));
  await apply(workbench, service("a-name-that-fits-into-no-column-of-any-table-at-all", { model: { modelFormat: { name: "strange" }, storageUri: "pvc://models/strange" } }));
  await stands("greets", "ready");
  await stands("broken", "failing");
  await apply(workbench, service("greets", { canaryTrafficPercent: 20, containers: [container({ MODEL: "second" })] }));
  await splits("greets");
  for (let number = 0; number < 40; number += 1) await greet(number % 13 === 12 ? {} : { instances: [number, `row ${number}`] });
  const table = ["number,text", ...Array.from({ length: 200 }, (_, at) => `${at % 50},row ${at % 3}`)].join("\n");
  await fetch(`${workbench.pages}/apis/coracle/v1/model-servers/default/greets/profile`, { method: "PUT", headers: { "content-type": "text/csv" }, body: table });
  await apply(workbench, service("quiet", { containers: [container({ MODEL: "nothing" })] }));
  await stands("quiet", "ready");
  const matrix = artifacts.find(({ artifact }) => artifact.schema_title === "system.ClassificationMetrics") ?? artifacts[0];
  pages.push(
    ["home", "/"],
    ["runs", "/runs"],
    ["run-graph", `/runs/${good}`],
    ["run-failed", `/runs/${failed}?tab=logs`],
    ["run-timeline", `/runs/${good}?tab=timeline`],
    ["run-loop", `/runs/${loop}`],
    ["run-inputs", `/runs/${good}?tab=values`],
    ["run-definition", `/runs/${good}?tab=definition`],
    ["compare", `/compare?runs=${good},${other}`],
    ["pipelines", "/pipelines"],
    ["pipeline", `/pipelines/${pipeline.pipeline_id}`],
    ["new-run", `/new-run?pipeline=${pipeline.pipeline_id}`],
    ["recurring", "/recurring"],
    ["experiments", "/experiments"],
    ["artifacts", "/artifacts"],
    ["artifact", `/artifacts/${matrix?.artifact.id}`],
    ["models", "/models"],
    ["model", "/models/default/greets"],
    ["model-failing", "/models/default/broken"],
    ["model-quiet", "/models/default/quiet"],
    ["model-requests", "/models/default/greets?tab=requests"],
    ["model-request", "/models/default/greets?tab=requests&request=30"],
    ["model-no-requests", "/models/default/quiet?tab=requests"],
    ["model-replay", "/models/default/greets?tab=requests&replay=last"],
    ["model-drift", "/models/default/greets?tab=drift"],
    ["model-no-profile", "/models/default/quiet?tab=drift"],
    ["model-playground", "/models/default/greets?tab=playground"],
    ["model-logs", "/models/default/greets?tab=logs"],
    ["model-definition", "/models/default/greets?tab=definition"],
    ["serve-model", "/models/new?name=digits&storage=file:///home/me/model"],
    ["notebooks", "/notebooks"],
    ["new-notebook", "/notebooks/new"],
    ["volumes", "/volumes"],
    ["secrets", "/secrets"],
    ["clusters", "/clusters"],
    ["disk", "/disk"],
    ["settings", "/settings"],
  );
});

interface Server {
  readonly state: string;
  readonly parts: readonly { readonly traffic: readonly unknown[] }[];
}

/** Waits until a model server is as it is wanted. */
async function becomes(name: string, isWanted: (server: Server) => boolean): Promise<void> {
  const look = async () => {
    const server = (await (await fetch(`${workbench.pages}/apis/coracle/v1/model-servers/default/${name}`)).json()) as Server;
    if (!isWanted(server)) throw new Error(`${name} is ${server.state}`);
  };
  await vi.waitFor(look, { timeout: 90_000, interval: 200 });
}

const stands = (name: string, wanted: string) => becomes(name, ({ state }) => state === wanted);
const splits = (name: string) => becomes(name, ({ parts }) => parts[0]?.traffic.length === 2);

const greet = (body: unknown) =>
  fetch(`${workbench.pages}/serving/default/greets/v1/models/greets:predict`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

afterAll(async () => {
  await browser?.close();
  await workbench.close();
});

it.each(LOOKS)("draws every page $theme and $width wide", async (look) => {
  const problems: string[] = [];
  for (const [name, address] of pages) {
    const { page, faults } = await openPage(browser, `${workbench.pages}/#${address}`, look);
    await page.locator("main h1").first().waitFor();
    await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
    await page.screenshot({ path: `${FOLDER}/${name}-${look.theme}-${look.width}.png`, animations: "disabled" });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (overflow > 0) problems.push(`${name} is ${overflow} px too wide`);
    problems.push(...faults.map((fault) => `${name}: ${fault}`), ...(await axe(page)).map((finding) => `${name}: ${finding}`));
    await page.context().close();
  }
  expect(problems).toEqual([]);
});
