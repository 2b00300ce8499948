// What `make bench-ui` measures, by what it has to do: a long log by its pages, a large graph from afar, menus of rows.

import { readFileSync, writeFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pipelineFile, step } from "./definition";
import { axe, openBrowser, openPage, Workbench } from "./harness";

const LINES = 60_000;
const STEPS = 400;
const CHAINS = 20;

const workbench = new Workbench();
let browser: Browser;

beforeAll(async () => {
  await workbench.start();
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  await workbench.close();
});

const API = "/apis/coracle/v1";

async function begin(at: Workbench, file: string): Promise<string> {
  const response = await fetch(`${at.pages}${API}/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ file_name: "pipeline.yaml", definition: readFileSync(file).toString("base64") }),
  });
  return ((await response.json()) as { run_id: string }).run_id;
}

const log = (page: Page) => page.getByRole("region", { name: "Log of talk" });
const drawn = (page: Page, number: number) => log(page).locator(`[data-line="${number}"]`).getByText(`line ${number} `);

describe("a long log", () => {
  it("is there with all its lines, is read where one looks, and goes on while it is written", async () => {
    // A process sees a file of this machine; a container would not.
    const processes = new Workbench({ engine: "process" });
    const more = `${processes.home}/more`;
    const command = `seq -f 'line %.0f of many' 1 ${LINES}; until [ -e ${more} ]; do sleep 0.1; done; echo 'line ${LINES + 1} of many'; sleep 600`;
    await processes.start();
    try {
      const run = await begin(processes, pipelineFile(processes.home, "talk", [step("talk", command)]));
      const { page, faults } = await openPage(browser, `${processes.pages}/#/runs/${run}?tab=logs&task=talk`);
      await drawn(page, LINES).waitFor();
      await page.getByText(`${LINES.toLocaleString("en")} lines · live`).waitFor();

      await page.reload();
      await drawn(page, LINES).waitFor();
      await log(page).focus();
      await page.keyboard.press("Home");
      await drawn(page, 1).waitFor();
      // In the middle, where nobody was.
      await log(page).evaluate((element) => element.scrollTo(0, element.scrollHeight / 2));
      await drawn(page, LINES / 2 + 5).waitFor();
      await page.getByRole("searchbox", { name: "Find in the log" }).fill("LINE 4321 ");
      await page.getByText("0 of 1", { exact: true }).waitFor();
      await page.keyboard.press("Enter");
      await drawn(page, 4321).waitFor();

      await page.getByRole("searchbox", { name: "Find in the log" }).fill("");
      await page.getByRole("button", { name: "Follow" }).click();
      await drawn(page, LINES).waitFor();
      writeFileSync(more, "");
      await drawn(page, LINES + 1).waitFor();
      expect(await axe(page)).toEqual([]);
      await page.getByRole("button", { name: "Stop", exact: true }).click();
      await page.getByText("the run was cancelled").first().waitFor();
      expect(faults).toEqual([]);
    } finally {
      await processes.close();
    }
  });

  it("shows the line that tells of the failure, at its end", async () => {
    const run = await begin(workbench, pipelineFile(workbench.home, "failing", [step("talk", `seq -f 'line %.0f of many' 1 ${LINES}; echo 'line ${LINES + 1} Error: it is too long'; exit 3`)]));
    const { page } = await openPage(browser, `${workbench.pages}/#/runs/${run}?tab=logs&task=talk&line=fail`);
    await page.getByText(`${(LINES + 1).toLocaleString("en")} lines`, { exact: true }).waitFor();
    await drawn(page, LINES + 1).waitFor();
  });
});

describe.each(["light", "dark"] as const)("a large graph, %s", (theme) => {
  it("is drawn whole from afar, where a node can still be picked", async () => {
    const names = Array.from({ length: STEPS }, (_, index) => `step-${index}`);
    const file = pipelineFile(workbench.home, "large", names.map((name, index) => step(name, "sleep 600", index < CHAINS ? {} : { after: [`step-${index - CHAINS}`] })));
    const run = await begin(workbench, file);
    const { page, faults } = await openPage(browser, `${workbench.pages}/#/runs/${run}`, { theme });
    await page.locator('[data-task="step-0"]').waitFor();
    await page.getByRole("button", { name: "Show all of it" }).click();
    await page.locator('[data-task="step-0"]').waitFor({ state: "detached" });
    const map = page.getByRole("img", { name: "Map of the graph" });
    await map.waitFor();
    expect(await axe(page)).toEqual([]);
    // The first node is at the beginning of the first rank.
    const first = await page.locator(".react-flow__viewport").evaluate((element) => {
      const { x, y } = element.getBoundingClientRect();
      const { a: zoom } = new DOMMatrix(getComputedStyle(element).transform);
      return { x: x + 100 * zoom, y: y + 26 * zoom };
    });
    await page.mouse.move(first.x, first.y);
    await page.locator('.react-flow__pane[title="step-0"]').waitFor();
    await page.mouse.click(first.x, first.y);
    await page.getByRole("complementary").getByText("step-0", { exact: true }).first().waitFor();
    await map.click();
    expect(faults).toEqual([]);
    await fetch(`${workbench.pages}${API}/runs/${run}:cancel`, { method: "POST" });
    await page.context().close();
  });
});
