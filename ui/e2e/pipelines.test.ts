import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { axe, stand } from "./harness";

const { workbench, visit } = stand();
const folder = mkdtempSync(join(tmpdir(), "coracle-files-"));
const HELLO = resolve("../examples/hello/pipeline.yaml");

const upload = async (page: Page, path: string) => {
  await page.getByRole("button", { name: "Upload pipeline" }).first().click();
  await page.locator('input[type="file"]').setInputFiles(path);
};

it("takes a file, runs it with a parameter and sees it end", async () => {
  const { page, faults } = await visit("/pipelines");
  await page.getByText("No pipelines yet").waitFor();
  await upload(page, HELLO);
  await page.getByLabel("Details").getByRole("button", { name: "Upload pipeline" }).click();
  await page.getByRole("heading", { name: /hello/ }).waitFor();
  await page.getByRole("region", { name: "Graph" }).getByText("greet").first().waitFor();
  await page.getByRole("button", { name: "New run" }).click();
  await page.getByLabel(/^name ·/).fill("reader");
  await page.getByLabel("What will be sent").getByText('"name": "reader"').waitFor();
  await page.getByRole("button", { name: "Run hello" }).click();
  await page.getByRole("heading", { name: "hello · run 1" }).waitFor();
  await page.getByText("Succeeded").first().waitFor();
  await page.getByRole("region", { name: "Graph" }).getByText("greet").first().waitFor();
  expect(faults).toEqual([]);
});

it("takes a file that is dropped anywhere", async () => {
  const { page, faults } = await visit("/pipelines");
  await page.getByRole("heading", { name: "Pipelines" }).waitFor();
  const files = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "dropped.yaml"));
    return transfer;
  }, readFileSync(HELLO, "utf8"));
  await page.dispatchEvent("body", "dragenter", { dataTransfer: files });
  await page.getByText("Drop to upload this pipeline").waitFor();
  await page.dispatchEvent("body", "drop", { dataTransfer: files });
  await page.getByText("There is a pipeline of this name: this becomes a version of it").waitFor();
  await page.getByLabel("Details").getByRole("button", { name: "Upload version" }).click();
  await page.getByRole("tab", { name: "Versions 2" }).waitFor();
  expect(faults).toEqual([]);
});

it("shows the line on which a file is broken", async () => {
  const broken = join(folder, "broken.yaml");
  writeFileSync(broken, readFileSync(HELLO, "utf8").replace(/^root:\n {2}dag:/m, "root:\n  dga:"));
  const { page } = await visit("/pipelines?upload=true");
  await page.locator('input[type="file"]').setInputFiles(broken);
  await page.getByLabel("As").selectOption("A new pipeline");
  await page.getByLabel("Name of the pipeline").fill("broken");
  await page.getByLabel("Details").getByRole("button", { name: "Upload pipeline" }).click();
  const list = page.getByRole("list", { name: "What is wrong" });
  await list.getByText("unknown field").waitFor();
  const line = readFileSync(broken, "utf8").split("\n").findIndex((text) => text.includes("dga:")) + 1;
  await list.getByText(new RegExp(`Line ${line}, column 3`)).waitFor();
  await list.getByText("dga:", { exact: false }).last().waitFor();
});

it("makes a version of an edit and shows what it changes", async () => {
  const { page, faults } = await visit("/pipelines");
  await page.getByRole("row", { name: /hello/ }).press("Enter");
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  const editor = page.getByRole("textbox", { name: "Definition" });
  await editor.click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("[");
  await page.getByRole("list", { name: "What is wrong" }).getByRole("button", { name: /Line \d+/ }).last().click();
  await page.locator(".cm-line[class*=marked]").first().waitFor();
  await editor.focus();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("ArrowRight");
  expect(await page.getByRole("button", { name: "Save as new version" }).isDisabled()).toBe(true);
  await page.keyboard.press("Backspace");
  await page.getByText("It can be run", { exact: true }).waitFor();
  await replaceInEditor(page, "sdkVersion: kfp-", "sdkVersion: edited-");
  await page.getByLabel("Name of the new version").fill("by hand");
  await page.getByRole("button", { name: "Save as new version" }).click();
  const changes = page.getByRole("region", { name: "Changes" });
  await changes.getByText("sdkVersion: edited-", { exact: false }).waitFor();
  await page.getByText("+1").waitFor();
  expect(faults).toEqual([]);
});

it("says what is wrong with an edit at its line while it is typed, keeps comments, and leads to the line", async () => {
  const commented = join(folder, "commented.yaml");
  writeFileSync(commented, `# Why it greets.\n${readFileSync(HELLO, "utf8")}`);
  const { page, faults } = await visit("/pipelines?upload=true");
  await page.locator('input[type="file"]').setInputFiles(commented);
  await page.getByLabel("As").selectOption("A new pipeline");
  await page.getByLabel("Name of the pipeline").fill("commented");
  await page.getByLabel("Details").getByRole("button", { name: "Upload pipeline" }).click();
  await page.locator(".cm-line", { hasText: "# Why it greets." }).waitFor();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  const editor = page.getByRole("textbox", { name: "Definition" });
  await editor.click();
  let checks = 0;
  page.on("request", (request) => (checks += request.url().endsWith("/definitions:check") ? 1 : 0));
  await replaceInEditor(page, "executorLabel: exec-greet", "executorLabel: exec-lost");
  const list = page.getByRole("list", { name: "What is wrong" });
  await list.getByText("exec-lost").waitFor();
  await page.getByText(/\d problems?: it could not be run/).waitFor();
  await page.locator(".cm-lint-marker-error").first().waitFor();
  // One question once typing rests, not one a key.
  expect(checks).toBeLessThan(3);
  expect(await axe(page)).toEqual([]);
  await list.getByRole("button", { name: /Line \d+/ }).first().click();
  const marked = page.locator(".cm-line[class*=marked]").first();
  expect(await marked.innerText()).toContain("exec-lost");
  expect(await editor.evaluate((element) => element === document.activeElement)).toBe(true);
  await replaceInEditor(page, "executorLabel: exec-lost", "executorLabel: exec-greet");
  await page.getByText("It can be run", { exact: true }).waitFor();
  await list.waitFor({ state: "detached" });
  expect(faults).toEqual([]);
});

it("marks in the text what is picked in the graph, and the other way round", async () => {
  const { page, faults } = await visit("/pipelines");
  await page.getByRole("row", { name: /hello/ }).press("Enter");
  const node = page.getByRole("region", { name: "Graph" }).getByRole("button", { name: /greet/ }).first();
  await node.click();
  await page.waitForURL(/task=greet/);
  const marked = page.locator(".cm-line[class*=marked]").first();
  await marked.waitFor();
  expect(await marked.innerText()).toContain("greet:");
  await page.keyboard.press("Escape");
  await page.locator(".cm-line", { hasText: "schemaVersion" }).last().click();
  await page.waitForURL((url) => !url.hash.includes("task="));
  await page.locator(".cm-line", { hasText: "name: comp-greet" }).last().click();
  await page.waitForURL(/task=greet/);
  expect(faults).toEqual([]);
});

it("schedules, pauses and deletes with a way back", async () => {
  const { page, faults } = await visit("/recurring");
  await page.getByText("Nothing recurs yet").waitFor();
  await page.getByRole("button", { name: "Schedule a run" }).first().click();
  await page.getByLabel("Pipeline", { exact: true }).locator("select").first().selectOption({ label: "hello" });
  await page.getByLabel("Name", { exact: true }).fill("nightly");
  await page.getByLabel("Cron expression").fill("0 99 * * * *");
  await page.getByText("A minute is from 0 to 59, not 99").waitFor();
  await page.getByLabel("Cron expression").fill("0 30 2 * * *");
  await page.getByText("At 02:30, UTC").waitFor();
  expect(await page.getByRole("status", { name: "Next times" }).locator("time").count()).toBe(5);
  await page.getByRole("button", { name: "Schedule hello" }).click();
  const row = page.getByRole("row", { name: /nightly/ });
  await row.getByText("Scheduled").waitFor();
  await page.getByLabel("Details").getByText("Next times").waitFor();
  await row.getByRole("button", { name: "Pause nightly" }).click();
  await row.getByText("Paused").waitFor();
  await page.getByLabel("Details").getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await row.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).click();
  await row.getByText("Paused").waitFor();
  expect(faults).toEqual([]);
});

it("runs again what is scheduled, and what has run, from a filled form", async () => {
  const { page, faults } = await visit("/recurring");
  await page.getByRole("row", { name: /nightly/ }).press("Enter");
  await page.getByRole("button", { name: "Run now" }).click();
  await page.getByRole("heading", { name: "nightly, by hand" }).waitFor();
  await page.getByText("Succeeded").first().waitFor();
  const id = /runs\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? "";
  await page.goto(`${workbench.pages}/#/new-run?clone=${id}`);
  const name = page.getByLabel(/^name ·/);
  await name.fill("somebody else");
  await page.getByLabel("Version").selectOption({ label: "hello" });
  await page.getByLabel("What will be sent").getByText('"name": "somebody else"').waitFor();
  await page.getByRole("tab", { name: "Command" }).click();
  await page.getByLabel("What will be sent").getByText("-p 'name=somebody else'", { exact: false }).waitFor();
  await page.getByRole("button", { name: "Run hello" }).click();
  await page.getByRole("heading", { name: /hello · run/ }).waitFor();
  expect(faults).toEqual([]);
});

it("says at the field what is wrong, also when the workbench says it", async () => {
  const { page } = await visit("/pipelines");
  await page.getByRole("button", { name: "Run hello" }).click();
  await page.getByText("More", { exact: true }).click();
  await page.getByLabel("Pipeline root").fill("file:///tmp");
  await page.getByText("It begins with minio://, s3:// or gs://").waitFor();
  await page.getByRole("button", { name: "Run hello" }).click();
  await page.getByText("One field needs another value").waitFor();
  expect(await page.getByLabel("Pipeline root").evaluate((field) => field === document.activeElement)).toBe(true);
  await page.getByLabel("Pipeline root").fill("");
  const message = "input parameter name requires type string, but the parameter value is not of string value type";
  await page.route("**/apis/v2beta1/runs", (route) => route.fulfill({ status: 400, json: { code: 3, message: `Failed: ${message}`, details: [{ code: 3, message }] } }));
  await page.getByRole("button", { name: "Run hello" }).click();
  await page.getByText(message, { exact: true }).waitFor();
  expect(await page.getByLabel(/^name ·/).getAttribute("aria-invalid")).toBe("true");
});

it("makes, archives and restores an experiment", async () => {
  const { page, faults } = await visit("/experiments?create=true");
  await page.getByLabel("Name", { exact: true }).fill("learning rates");
  await page.getByRole("button", { name: "Create experiment" }).click();
  await page.getByRole("heading", { name: "learning rates" }).waitFor();
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Archive with its runs" }).click();
  await page.getByText("Archived · 0 runs").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Archived · 0 runs").waitFor({ state: "detached" });
  expect(faults).toEqual([]);
});

it("comes back by itself when a part of it could not be loaded", async () => {
  const { page } = await visit("/");
  await page.getByRole("heading", { name: "Home" }).waitFor();
  await page.route("**/assets/Experiments-*", (route) => route.abort(), { times: 1 });
  await page.getByRole("link", { name: "Experiments" }).click();
  await page.getByRole("heading", { name: "Experiments" }).waitFor();
});

it("is shown with its style when that was dropped twice", async () => {
  const { page } = await visit("/");
  await page.getByRole("heading", { name: "Home" }).waitFor();
  const tries = new Map<string, number>();
  await page.route("**/assets/*.css", (route) => {
    const address = route.request().url();
    tries.set(address, (tries.get(address) ?? 0) + 1);
    return (tries.get(address) ?? 0) > 2 ? route.continue() : route.abort();
  });
  await page.getByRole("link", { name: "Pipelines" }).click();
  await page.getByRole("row", { name: /hello/ }).press("Enter");
  await page.locator(".react-flow__node").first().waitFor();
  const missing = () => [...document.querySelectorAll<HTMLLinkElement>("link[rel=stylesheet]")].filter(({ sheet }) => sheet === null).length;
  expect(await page.evaluate(missing)).toBe(0);
  expect(tries.size).toBeGreaterThan(3);
  expect(Math.min(...tries.values())).toBe(3);
});

it.each(["index-*.js", "index-*.css"])("comes back by itself when %s, its first part, could not be loaded", async (part) => {
  const { page } = await visit("/experiments");
  await page.route(`**/assets/${part}`, (route) => route.abort(), { times: 1 });
  await page.reload();
  await page.getByRole("heading", { name: "Experiments" }).waitFor();
  await page.waitForFunction(() => getComputedStyle(document.body).fontFamily.includes("Inter"));
});

it("is led to by KFP's own addresses", async () => {
  const { page } = await visit("/pipelines");
  await page.getByRole("row", { name: /hello/ }).press("Enter");
  await page.waitForURL(/pipelines\/[0-9a-f-]{36}/);
  const id = /pipelines\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? "";
  await page.goto(`${workbench.pages}/#/pipelines/details/${id}/version/none`);
  await page.waitForURL(new RegExp(`#/pipelines/${id}\\?version=none`));
  await page.getByRole("heading", { name: /hello/ }).waitFor();
});

describe.each(["light", "dark"] as const)("everybody can use it, %s", (theme) => {
  it.each([
    ["/pipelines?upload=true", "Upload a pipeline"],
    ["/new-run?schedule=true", "Which pipeline?"],
    ["/recurring", "nightly"],
    ["/experiments?create=true", "New experiment"],
  ])("%s", async (address, text) => {
    const { page } = await visit(address, { theme });
    await page.getByText(text).first().waitFor();
    expect(await axe(page)).toEqual([]);
  });

  it.each(["definition", "versions", "changes"])("a pipeline's %s", async (tab) => {
    const { page } = await visit("/pipelines", { theme });
    await page.getByRole("row", { name: /hello/ }).press("Enter");
    await page.getByRole("tab", { name: new RegExp(tab, "i") }).click();
    await page.locator(".cm-content, [role=table], [aria-label=Changes][role=region]").first().waitFor();
    expect(await axe(page)).toEqual([]);
  });

  it("a pipeline that is edited and is wrong", async () => {
    const { page } = await visit("/pipelines", { theme });
    await page.getByRole("row", { name: /hello/ }).press("Enter");
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    await page.getByRole("textbox", { name: "Definition" }).click();
    await page.keyboard.press("Control+Home");
    await page.keyboard.type("[");
    await page.getByRole("list", { name: "What is wrong" }).waitFor();
    expect(await axe(page)).toEqual([]);
  });

  it("a recurring run and an experiment", async () => {
    const { page } = await visit("/recurring", { theme });
    await page.getByRole("row", { name: /nightly/ }).press("Enter");
    await page.getByText("Last runs").waitFor();
    expect(await axe(page)).toEqual([]);
    await page.goto(`${workbench.pages}/#/experiments`);
    await page.getByRole("row", { name: /Default/ }).press("Enter");
    await page.getByRole("table", { name: "Runs" }).waitFor();
    expect(await axe(page)).toEqual([]);
  });

  it("a run's form", async () => {
    const { page } = await visit("/pipelines", { theme });
    await page.getByRole("button", { name: "Run hello" }).click();
    await page.getByText("Again and again").click();
    await page.getByText("Next times").or(page.getByText("At 03:00, UTC")).first().waitFor();
    expect(await axe(page)).toEqual([]);
  });
});

/** Replaces a text in the editor as a user would: by its search panel. */
async function replaceInEditor(page: Page, what: string, by: string): Promise<void> {
  await page.keyboard.press("Control+f");
  await page.getByPlaceholder("Find").fill(what);
  await page.getByPlaceholder("Replace").fill(by);
  await page.getByRole("button", { name: "replace all" }).click();
  await page.keyboard.press("Escape");
}
