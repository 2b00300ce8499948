// Runs in a table, runs beside each other, and artifacts.

import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { axe, stand } from "./harness";

const { workbench, visit } = stand();
const ids: { digits: string[]; previews: string } = { digits: [], previews: "" };

interface Ended {
  readonly run_id: string;
}

const run = (...words: string[]): string => (JSON.parse(workbench.command("run", ...words, "-o", "json")) as Ended).run_id;

beforeAll(async () => {
  ids.previews = run("e2e/fixtures/previews.yaml");
  // The first one installs scikit-learn.
  ids.digits = [run("../examples/digits/pipeline.yaml"), run("../examples/digits/pipeline.yaml", "-p", "svm_penalty=0.05")];
  run("../examples/hello/pipeline.yaml", "-p", "name=reader");
}, 600_000);

const open = async (path: string): Promise<Page> => (await visit(path)).page;

const rows = (page: Page) => page.getByRole("table", { name: "Runs" }).getByRole("row");

/** The names that stand in the table, from above. */
const names = async (page: Page) => (await rows(page).getByRole("link", { name: /\d{4}-/ }).allInnerTexts()).map((name) => name.split(" ")[0]);

describe("the table of runs", () => {
  it("is filtered and sorted by a metric that was chosen as a column, and the address keeps all of it", async () => {
    const page = await open("/runs");
    await page.getByText("4 runs", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByRole("searchbox", { name: "Find a column" }).fill("acc");
    await page.getByRole("checkbox", { name: "accuracy", exact: true }).check();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "accuracy" }).click();
    await page.getByRole("columnheader", { name: "accuracy" }).and(page.locator("[aria-sort=descending]")).waitFor();
    const best = rows(page).nth(1);
    await best.getByText("0.99111").waitFor();
    await page.getByRole("button", { name: "accuracy" }).click();
    await best.getByText("0.98222").waitFor();
    expect(await names(page)).toEqual(["digits", "digits", "hello", "previews"]);

    await page.getByRole("searchbox", { name: "Filter runs" }).fill("DIGITS");
    await page.getByText("2 runs that fit").waitFor();
    await page.reload();
    await page.getByText("2 runs that fit").waitFor();
    await best.getByText("0.98222").waitFor();
    expect(page.url()).toMatch(/text=DIGITS/);

    await page.getByRole("searchbox", { name: "Filter runs" }).fill("");
    await page.getByText("4 runs", { exact: true }).waitFor();
    await page.getByRole("combobox", { name: "Pipeline" }).selectOption("hello");
    await page.getByText("1 run that fit").waitFor();
    await page.getByRole("combobox", { name: "State" }).selectOption("failed");
    await page.getByText("No run fits").waitFor();
    // The columns are remembered where the address says nothing.
    await page.getByRole("link", { name: "Show all runs" }).click();
    await page.getByRole("columnheader", { name: "accuracy" }).waitFor();
  });

  it("deletes with a way back, and archives with another", async () => {
    const page = await open("/runs");
    const hello = rows(page).filter({ hasText: "hello" });
    await hello.getByRole("checkbox").check();
    await page.getByRole("toolbar", { name: "Selected runs" }).getByRole("button", { name: "Delete" }).click();
    await hello.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await hello.waitFor();

    await hello.getByRole("checkbox").check();
    await page.getByRole("button", { name: "Archive" }).click();
    await page.getByText("3 runs", { exact: true }).waitFor();
    await page.getByRole("combobox", { name: "Archived" }).selectOption("yes");
    await page.getByText("1 run that fit").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("No run fits").waitFor();
    await page.getByRole("link", { name: "Show all runs" }).click();
    await page.getByText("4 runs", { exact: true }).waitFor();

    await hello.getByRole("button", { name: "What can be done" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByText("3 runs", { exact: true }).waitFor({ timeout: 15_000 });
    expect(await names(page)).toEqual(["digits", "digits", "previews"]);
  });

  it("is led by keys", async () => {
    const page = await open("/runs");
    await rows(page).nth(1).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press(" ");
    await page.getByText("1 selected").waitFor();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press(" ");
    await page.getByText("2 selected").waitFor();
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByRole("heading", { name: "Compare runs" }).waitFor();
  });
});

describe("runs beside each other", () => {
  it("show what differed first, parameters, metrics, matrices, pages and definitions", async () => {
    const page = await open(`/compare?runlist=${ids.digits.join(",")}`);
    await page.getByText("2 runs that differ in svm_penalty").waitFor();
    const first = page.locator("section").filter({ has: page.getByRole("heading", { name: "What differed first" }) });
    await first.getByRole("link", { name: "train-svm" }).waitFor();
    await first.getByText("input parameter penalty").waitFor();
    await first.getByText("0.05", { exact: true }).waitFor();

    const parameters = page.getByRole("region", { name: "Parameters" }).getByRole("row");
    expect((await parameters.allInnerTexts()).map((text) => text.split(/\s/)[0])).toEqual(["Name", "svm_penalty", "seed", "test_size", "trees"]);
    await page.getByRole("region", { name: "Metrics" }).getByRole("row", { name: /register: accuracy/ }).getByText(/−0.00/).waitFor();
    expect(await page.getByRole("region", { name: "Confusion matrix" }).count()).toBe(2);
    const report = page.frameLocator("iframe").first();
    await report.getByRole("heading", { name: /pictures read right/ }).waitFor();
    expect(await page.locator("iframe").first().getAttribute("sandbox")).toBe("");
    await page.getByText("the same in all").waitFor();
  });

  it("show the lines in which definitions differ", async () => {
    const page = await open(`/compare?runs=${ids.digits[0]},${ids.previews}`);
    await page.getByRole("region", { name: "What differs in the definition" }).getByText("pipelineInfo").first().waitFor();
    await page.getByText(/lines added/).waitFor();
  });

  it("ask for two", async () => {
    const page = await open(`/compare?runs=${ids.previews}`);
    await page.getByText("Two runs are needed").waitFor();
    await page.getByRole("link", { name: "Choose runs" }).click();
    await page.getByRole("heading", { name: "Runs", exact: true }).waitFor();
  });
});

describe("artifacts", () => {
  const show = async (page: Page, name: string) => {
    await page.goto(`${workbench.pages}/#/artifacts?run=${ids.previews}`);
    await page.getByRole("table", { name: "Artifacts" }).getByText(name, { exact: true }).click();
    await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
  };

  it("are found by type, name and run", async () => {
    const page = await open("/artifacts");
    await page.getByRole("combobox", { name: "Type" }).selectOption("system.Model");
    await page.getByText(/that fit/).waitFor();
    await page.getByRole("searchbox", { name: "Filter artifacts" }).fill("kept");
    await page.getByText("2 that fit").waitFor();
    await page.goto(`${workbench.pages}/#/artifacts?run=${ids.previews}`);
    await page.getByText("7 that fit").waitFor();
    await page.getByRole("button", { name: "Take away the filter Run" }).click();
    await page.getByText(/that steps left/).waitFor();
  });

  it("are shown as what they are, and nothing of them reaches these pages", async () => {
    const page = await open("/artifacts");
    await show(page, "notes");
    await page.getByRole("cell", { name: "0.99" }).waitFor();
    expect(await page.locator("#raw").count()).toBe(0);
    await show(page, "page");
    await page.frameLocator("iframe").getByText("A page").waitFor();
    await page.getByRole("button", { name: "Run its scripts" }).click();
    await page.frameLocator("iframe").getByText("A script ran").waitFor();
    await show(page, "table");
    await page.getByRole("cell", { name: "forest" }).waitFor();
    await show(page, "settings");
    await page.getByText('"layers": [').waitFor();
    await show(page, "roc");
    await page.getByRole("img", { name: /area 0.875/ }).waitFor();
    await show(page, "folder");
    await page.getByRole("button", { name: "deep/small.csv" }).click();
    await page.getByRole("columnheader", { name: "b" }).waitFor();
    await page.reload();
    await page.getByRole("columnheader", { name: "b" }).waitFor();
    await page.getByRole("button", { name: "dot.png" }).click();
    await page.getByRole("img", { name: "dot.png" }).waitFor();
  });

  it("lead to what they were made from, and to what was made from them", async () => {
    const page = await open("/artifacts?type=system.Dataset");
    await page.getByRole("table", { name: "Artifacts" }).getByText("digits", { exact: true }).click();
    await page.getByRole("tab", { name: "Where used" }).click();
    // The second run read it, too, though it took what came of that from the cache.
    await page.getByRole("listitem").filter({ hasText: "made" }).getByRole("link", { name: "load" }).waitFor();
    expect(await page.getByRole("listitem").filter({ hasText: "read" }).count()).toBe(2);
    await page.getByRole("tab", { name: "Lineage" }).click();
    await page.getByRole("link", { name: /^training/ }).click();
    await page.getByRole("heading", { level: 1, name: "training" }).waitFor();
    expect(page.url()).toMatch(/tab=lineage/);
    await page.getByRole("link", { name: /^train-forest/ }).first().click();
    await page.getByRole("heading", { name: /digits/ }).waitFor();
  });

  it("say so where there is none", async () => {
    const page = await open("/artifacts/9999");
    await page.getByRole("alert").getByText("9999").waitFor();
    await page.getByRole("link", { name: "All artifacts" }).click();
    await page.getByRole("table", { name: "Artifacts" }).waitFor();
  });
});

describe.each(["light", "dark"] as const)("in %s", (theme) => {
  const pages: readonly (readonly [what: string, path: () => string, role: "link" | "region" | "table" | "complementary" | "tab", name: string])[] = [
    ["the table of runs", () => "/runs?columns=state,pipeline,experiment,parameters.svm_penalty,metrics.accuracy,created", "link", "digits 2"],
    ["runs beside each other", () => `/compare?runs=${ids.digits.join(",")}`, "region", "Metrics"],
    ["the list of artifacts", () => "/artifacts", "table", "Artifacts"],
    ["an artifact", () => "/artifacts/6", "complementary", "About the artifact"],
    ["a lineage", () => "/artifacts/6?tab=lineage", "tab", "Lineage"],
  ];
  it.each(pages)("%s can be used by everyone", async (_, path, role, name) => {
    const { page } = await visit(path(), { theme });
    await page.getByRole(role, { name }).first().waitFor();
    await page.waitForLoadState("networkidle");
    expect(await axe(page)).toEqual([]);
  });
});
