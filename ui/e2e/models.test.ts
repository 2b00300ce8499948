// Models are served, asked, changed by degrees and taken away again.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { axe, stand } from "./harness";
import { Keys } from "./keys";
import { apply, container, runtime, service } from "./modelServers";

const { workbench, visit } = stand();

/** What a server takes to be there, with all of its containers. */
const SOON = { timeout: 90_000 };

const folder = mkdtempSync(join(tmpdir(), "coracle-model-"));
writeFileSync(join(folder, "model.txt"), "hello\n");
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const state = (page: Page, word: string): Locator => page.getByRole("main").getByText(word, { exact: true }).first();

it("are served from a form, asked in the playground, stopped and deleted, by keys", async () => {
  await apply(workbench, runtime);
  const { page, faults } = await visit("/models");
  const keys = new Keys(page);
  await page.getByText("No model is served yet").waitFor();
  expect(await axe(page)).toEqual([]);
  await keys.activate("link", "Serve a model");
  await page.getByRole("heading", { level: 1, name: "Serve a model" }).waitFor();
  await keys.fill("Name", "words");
  await keys.to("combobox", "Model");
  await keys.type(folder);
  await page.getByText("It begins with where it is").waitFor();
  await keys.press("Home");
  await keys.type("file://");
  await page.getByLabel("Format").fill("words");
  await page.getByRole("option", { name: "says" }).waitFor({ state: "attached" });
  const yaml = page.getByRole("textbox", { name: "YAML" });
  expect(await yaml.inputValue()).toContain(`storageUri: file://${folder}`);
  await yaml.fill((await yaml.inputValue()).replace("name: words\n  namespace", "name: greets\n  namespace"));
  expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("greets");
  await keys.activate("button", "Serve model");

  await page.getByRole("heading", { level: 1, name: "greets" }).waitFor();
  await state(page, "Ready").waitFor(SOON);
  await page.getByRole("complementary", { name: "About the model server" }).getByText("/serving/default/greets").waitFor();
  await page.getByRole("list", { name: "Pods of the predictor" }).getByText("Ready").waitFor();

  await keys.turnTo("Playground");
  await page.getByText("It tells its inputs; its platform is python").waitFor();
  const rows = page.getByLabel("rows", { exact: true });
  expect(await rows.inputValue()).toBe("[[0,0]]");
  await rows.fill("[[1, 2], [3]]");
  await page.getByText("Its rows have different lengths").waitFor();
  expect(await page.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
  await rows.fill("[[1, 2], [3, 4.5]]");
  await keys.activate("button", "Send");
  const answer = page.getByRole("region", { name: "Answer" });
  await answer.getByText("200 OK").waitFor();
  const said = JSON.parse(await answer.getByRole("region", { name: "What it answered" }).innerText()) as { model_name: string; outputs: { data: number[] }[] };
  expect(said.model_name).toBe("hello");
  expect(said.outputs[0]?.data).toEqual([3, 7.5]);
  for (const [way, text] of [["Python", `Request("${new URL(page.url()).origin}/serving/default/greets/v2/models/greets/infer"`], ["Rust", ".json(&body)"], ["curl", "content-type: application/json"]] as const) {
    await keys.turnTo(way, page.getByRole("region", { name: "The same call" }));
    await page.getByRole("region", { name: `The call as ${way}` }).getByText(text).waitFor();
  }
  expect(await axe(page)).toEqual([]);
  await keys.to("radio", "its inputs");
  await keys.until("ArrowDown", page.getByRole("radio", { name: "a JSON body" }));
  await page.getByLabel("Body", { exact: true }).fill("{}");
  await keys.activate("button", "Send");
  await answer.getByText("400 Bad Request").waitFor();
  await page.getByText("it needs instances").waitFor();

  await page.getByRole("tab", { name: "Logs" }).click();
  await page.getByRole("log").getByText("asked /v2/models/greets/infer").waitFor();
  await page.getByRole("tab", { name: "Events" }).click();
  await page.getByText("Started container kserve-container").waitFor();

  await keys.activate("button", "Stop greets");
  await state(page, "Stopped").waitFor(SOON);
  await keys.turnTo("Playground");
  await page.getByText("Start it, and its model can be asked here.").waitFor();
  await keys.activate("button", "Start greets");
  await state(page, "Ready").waitFor(SOON);

  await keys.choose("More", "Delete");
  await page.getByText("No model is served yet").waitFor();
  await keys.activate("button", /^Undo/);
  await page.getByRole("heading", { level: 1, name: "greets" }).waitFor();
  // What it was asked last, and refused.
  expect(faults).toEqual(["Failed to load resource: the server responded with a status of 400 (Bad Request)"]);
}, 300_000);

it("say why they fail, with the last lines", async () => {
  await apply(workbench, service("broken", { containers: [container({}, "print('looks for its weights', flush=True); raise SystemExit('there are none')")] }));
  const { page, faults } = await visit("/models");
  const row = page.getByRole("row", { name: "broken" });
  await row.getByText("Failing").waitFor(SOON);
  await row.getByRole("link", { name: "broken" }).click();
  await page.getByRole("alert").getByText(/It ended with 1/).waitFor();
  await page.getByRole("alert").getByText("Its log says more").waitFor();
  await page.getByRole("region", { name: "Last lines" }).getByText(/looks for its weights\s+there are none/).waitFor();
  expect(await axe(page)).toEqual([]);
  await page.goto(`${workbench.pages}/#/`);
  await page.getByRole("link", { name: "Why broken does not answer" }).waitFor();
  expect(faults).toEqual([]);
}, 150_000);

it("become others by degrees: a canary is given more, rolled back and promoted", async () => {
  await apply(workbench, service("grows", { containers: [container({ MODEL: "first", PLAIN: "yes" })] }));
  const { page, faults } = await visit("/models/default/grows");
  await state(page, "Ready").waitFor(SOON);
  expect(await page.getByRole("heading", { name: "Traffic" }).count()).toBe(0);

  await page.getByRole("tab", { name: "YAML" }).click();
  const editor = page.getByRole("textbox", { name: "YAML" });
  await editor.getByText("value: first").click();
  await page.keyboard.press("End");
  await page.keyboard.press("Control+Shift+ArrowLeft");
  await page.keyboard.type("second");
  await page.getByLabel("It answers at first").selectOption("20 % of requests");
  await page.getByRole("button", { name: "Save changes" }).click();
  await editor.getByText("canaryTrafficPercent: 20").waitFor();
  await page.getByRole("tab", { name: "Overview" }).click();
  await page.getByText("Requests are split so").waitFor(SOON);
  await page.getByText("20 %", { exact: true }).first().waitFor();
  await state(page, "Ready").waitFor(SOON);

  const keys = new Keys(page);
  await keys.to("slider", "Percent to the new revision");
  await keys.press("ArrowRight");
  await page.getByText("21 %", { exact: true }).first().waitFor();
  await page.getByText("Requests are split so").waitFor(SOON);
  expect(await axe(page)).toEqual([]);
  await keys.activate("button", "Roll back");
  await page.getByText("Rolled back: everything goes to the revision before.").waitFor(SOON);
  await page.getByRole("button", { name: /^Undo/ }).click();
  await page.getByText("21 %", { exact: true }).first().waitFor();
  await page.getByText("Requests are split so").waitFor(SOON);
  await keys.activate("button", "Promote");
  await page.getByRole("heading", { name: "Traffic" }).waitFor({ state: "detached" });

  await page.getByRole("tab", { name: "Playground" }).click();
  await page.getByText("It does not tell its inputs by the open inference protocol (v2)").waitFor(SOON);
  await page.getByLabel("Body", { exact: true }).fill('{"instances": [7]}');
  await expect
    .poll(
      async () => {
        await page.getByRole("button", { name: "Send" }).click();
        await page.getByRole("button", { name: "Stop waiting" }).waitFor({ state: "detached" });
        return page.getByRole("region", { name: "What it answered" }).innerText();
      },
      SOON,
    )
    .toContain("second");
  // It has no metadata of the open inference protocol.
  expect(faults.filter((fault) => !fault.includes("status of 404"))).toEqual([]);
}, 300_000);

it("sleep while nobody asks them, and are woken from the playground", async () => {
  const napping = service("naps", { minReplicas: 0, containers: [container({ MODEL: "rested" })] });
  await apply(workbench, { ...napping, metadata: { ...napping.metadata, annotations: { "autoscaling.knative.dev/window": "6s" } } });
  const { page, faults } = await visit("/models/default/naps");
  await state(page, "Asleep").waitFor(SOON);
  await page.getByText("It has no pods now.").waitFor();
  const keys = new Keys(page);
  await keys.turnTo("Playground");
  await page.getByText("It sleeps, and what it is asked wakes it").waitFor();
  expect(await axe(page)).toEqual([]);
  await keys.activate("button", "Wake it and read its inputs");
  await page.getByLabel("rows", { exact: true }).waitFor(SOON);
  await keys.activate("button", "Send");
  await page.getByRole("region", { name: "What it answered" }).getByText("rested").waitFor(SOON);
  expect(faults).toEqual([]);
}, 200_000);

it("are made of a model that a run left", async () => {
  const { run_id: run } = JSON.parse(workbench.command("run", "e2e/fixtures/model.yaml", "-o", "json")) as { run_id: string };
  const { artifacts } = JSON.parse(workbench.command("artifacts", run, "-o", "json")) as { artifacts: { artifact: { id: number }; path: string }[] };
  const { page, faults } = await visit(`/artifacts/${artifacts[0]?.artifact.id}`);
  await page.getByText("model.txt").first().waitFor();
  await page.getByRole("link", { name: "Serve this" }).click();
  await page.getByRole("heading", { level: 1, name: "Serve a model" }).waitFor();
  expect(await page.getByLabel("Model", { exact: true }).inputValue()).toBe(`file://${artifacts[0]?.path}`);
  expect(await page.getByLabel("Format").inputValue()).toBe("sklearn");
  await page.getByLabel("Format").fill("words");
  await page.getByRole("button", { name: "Serve model" }).click();
  await page.getByRole("heading", { level: 1, name: "weights" }).waitFor();
  await state(page, "Ready").waitFor(SOON);
  await page.getByRole("tab", { name: "Playground" }).click();
  await page.getByLabel("rows", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("region", { name: "What it answered" }).getByText(/left by a run/).waitFor();
  expect(faults).toEqual([]);
}, 200_000);

describe.each(["light", "dark"] as const)("can be used by everybody (%s)", (theme) => {
  it.each([
    ["/models", "Models", "broken"],
    ["/models/new", "Serve a model", "Least pods"],
    ["/models/default/greets", "greets", "Address"],
    ["/models/default/greets?tab=playground", "greets", "Answer"],
    ["/models/default/greets?tab=logs", "greets", "Playground"],
    ["/models/default/greets?tab=definition", "greets", "Save changes"],
    ["/models/default/broken", "broken", "Whole log"],
    ["/models/default/absent", "absent", "All model servers"],
  ])("%s", async (path, title, shown) => {
    const { page } = await visit(path, { theme });
    await page.getByRole("heading", { name: title, exact: true }).waitFor();
    await page.getByText(shown, { exact: true }).first().waitFor();
    expect(await axe(page)).toEqual([]);
    await page.context().close();
  });
});
