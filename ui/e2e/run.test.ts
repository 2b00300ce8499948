import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { group, pipelineFile, step } from "./definition";
import { axe, stand } from "./harness";

const { workbench, visit } = stand();

/** Begins a run and answers its id; it goes on by itself. */
async function begin(file: string): Promise<string> {
  const response = await fetch(`${workbench.pages}/apis/coracle/v1/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ file_name: "pipeline.yaml", definition: readFileSync(file).toString("base64") }),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { run_id: string }).run_id;
}

/** Runs a pipeline to its end. */
function whole(file: string): string {
  const told = workbench.attempt("--output", "json", "run", file);
  return (JSON.parse(told) as { run_id: string }).run_id;
}

const node = (page: Page, path: string) => page.locator(`[data-task="${path}"]`);

describe("a run", () => {
  it("is watched as it happens, in graph, log and timeline", async () => {
    // It runs for as long as it is looked at, and is stopped then.
    const file = pipelineFile(workbench.home, "watched", [
      step("load", "echo loading"),
      step("train", "echo epoch 1; sleep 120", { after: ["load"] }),
    ]);
    const id = await begin(file);
    const { page, faults } = await visit(`/runs/${id}`);
    await node(page, "load").getByText("Succeeded").waitFor();
    await node(page, "train").getByText("Running").waitFor();
    await node(page, "train").getByRole("button").click();
    await page.getByRole("region", { name: "Last lines" }).getByText("epoch 1").waitFor();
    await page.getByRole("tab", { name: "Logs" }).click();
    await page.getByRole("region", { name: "Log of train" }).getByText("epoch 1").waitFor();
    await page.getByText("1 line · live").waitFor();
    await page.getByRole("tab", { name: "Timeline" }).click();
    await page.getByRole("listitem").filter({ hasText: "train" }).waitFor();
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    await page.getByText("the run was cancelled").first().waitFor();
    expect(faults).toEqual([]);
  });

  it("that fails leads to the line in one click, and runs again from there", async () => {
    const file = pipelineFile(workbench.home, "broken", [
      step("load", "echo loading"),
      step("train", "printf '\\033[32mepoch\\033[0m 1\\n'; printf '10%%\\r99%%\\r100%%\\n'; echo 'ValueError: too few rows' >&2; echo cleaning up; exit 3", { after: ["load"], retries: 1 }),
      step("report", "echo never", { after: ["train"] }),
    ]);
    const id = whole(file);
    const { page, faults } = await visit(`/runs/${id}`);
    await page.getByText("exited with code 3: ValueError: too few rows").first().waitFor();
    await node(page, "report").getByText("Skipped").waitFor();
    await page.getByRole("link", { name: "Show the line" }).click();
    const log = page.getByRole("region", { name: "Log of train" });
    // The two streams come as they come, so the line is found by its text.
    const line = log.locator("[data-line]").filter({ hasText: "ValueError: too few rows" });
    await line.waitFor();
    expect(await line.evaluate((element) => element.className)).toContain("failing");
    expect(await log.locator("[data-line]").filter({ hasText: "100%" }).innerText()).toMatch(/^\d\n100%$/);
    await line.getByRole("button", { name: /^Line \d$/ }).click();
    expect(page.url()).toMatch(/line=\d/);
    expect(await page.getByLabel("Attempt").inputValue()).toBe("2");

    await page.getByRole("tab", { name: "Graph" }).click();
    const panel = page.getByRole("complementary", { name: "Details" });
    await panel.getByText("Attempts (2)").waitFor();
    await panel.getByText("its results are not kept for reuse").waitFor();
    await panel.getByRole("button", { name: "Run again from here" }).click();
    await page.getByText("A new run begins with train").waitFor();
    await page.waitForURL((url) => !url.href.includes(id));
    await node(page, "load").getByText("Cached").or(node(page, "load").getByText("Succeeded")).waitFor();
    await node(page, "train").getByText("Failed").waitFor();
    await page.keyboard.press("Escape");
    expect(await panel.count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it("has a log of 200,000 lines, which is searched and followed", async () => {
    const id = whole(pipelineFile(workbench.home, "loud", [step("shout", "seq -f 'line %.0f of a long story' 1 200000")]));
    const { page, faults } = await visit(`/runs/${id}?tab=logs&task=shout`);
    const log = page.getByRole("region", { name: "Log of shout" });
    await log.getByText("line 1 of a long story", { exact: true }).waitFor();
    await page.getByText("200,000 lines").waitFor();
    expect(await log.locator("[data-line]").count()).toBeLessThan(200);
    await page.getByLabel("Find in the log").fill("LINE 177123 ");
    await page.getByText("0 of 1", { exact: true }).waitFor();
    await page.keyboard.press("Enter");
    await log.locator('[data-line="177123"]').waitFor();
    await page.getByRole("button", { name: "Follow" }).click();
    await log.locator('[data-line="200000"]').waitFor();
    await page.getByRole("button", { name: "Wrap lines" }).click();
    await log.locator('[data-line="200000"]').waitFor();
    await log.evaluate((element) => element.scrollBy(0, -2000));
    await page.getByRole("button", { name: "Follow", pressed: false }).waitFor();

    const linked = await visit(`/runs/${id}?tab=logs&task=shout&line=150000`);
    await linked.page.locator('[data-line="150000"]').getByText("line 150000 of").waitFor();
    expect([...faults, ...linked.faults]).toEqual([]);
  });

  it("with loops and nested pipelines opens them in place, and alone", async () => {
    const file = pipelineFile(workbench.home, "nested", [
      step("start", "echo begin"),
      group(
        "outer",
        [
          step("first", "echo first"),
          group("each", [step("measure", "echo item {{$.inputs.parameters['item']}}", { inputs: ["item"] }), step("weigh", "echo weighed", { after: ["measure"] })], {
            over: ["a", "b", "c"],
            after: ["first"],
          }),
        ],
        { after: ["start"] },
      ),
      group("never", [step("unseen", "echo no")], { condition: "1 == 2" }),
    ]);
    const id = whole(file);
    const { page, faults } = await visit(`/runs/${id}`);
    await node(page, "never").getByText("Skipped").waitFor();
    await page.getByRole("button", { name: "Open outer" }).click();
    await node(page, "outer/each").getByText("3 iterations").waitFor();
    await page.getByRole("button", { name: "Open each" }).click();
    await node(page, "outer/each[0]/measure").waitFor();
    await page.getByLabel("Iteration of each").selectOption("2");
    await node(page, "outer/each[2]/measure").getByRole("button").click();
    await page.getByRole("region", { name: "Last lines" }).getByText("item c").waitFor();
    expect(await node(page, "outer/each[0]/measure").count()).toBe(0);

    await page.getByRole("button", { name: "Show each alone" }).click();
    const place = page.getByRole("navigation", { name: "Place in the graph" });
    await place.getByText("each [2]").waitFor();
    expect(await node(page, "start").count()).toBe(0);
    await place.getByRole("button", { name: "nested" }).click();
    await node(page, "start").waitFor();

    await page.getByRole("tab", { name: "Timeline" }).click();
    await page.getByText("Iteration 1").waitFor();
    await page.getByRole("button", { name: "Close each" }).click();
    expect(await page.getByText("Iteration 1").count()).toBe(0);
    const axis = page.getByRole("slider", { name: "Time of the run" });
    await axis.press("ArrowRight");
    expect(await axis.getAttribute("aria-valuetext")).not.toBe("no time chosen");
    await page.keyboard.press("Escape");
    expect(await axis.getAttribute("aria-valuetext")).toBe("no time chosen");
    expect(faults).toEqual([]);
  });

  it("is deleted with a way back", async () => {
    const id = whole(pipelineFile(workbench.home, "short", [step("only", "echo done")]));
    const { page, faults } = await visit(`/runs/${id}`);
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Delete run" }).click();
    await page.getByRole("heading", { name: "Runs" }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("heading", { name: /short/ }).waitFor();
    expect(faults).toEqual([]);
  });

  it.each([
    ["light", 1440],
    ["dark", 1440],
    ["light", 390],
    ["dark", 390],
  ] as const)("can be used by all: %s, %i wide", async (theme, width) => {
    const file = pipelineFile(workbench.home, "seen", [step("load", "echo loading", { caches: true }), step("train", "echo 'error: it broke'; exit 1", { after: ["load"] }), group("rest", [step("late", "true")], { after: ["train"] })]);
    const id = whole(file);
    const { page, faults } = await visit(`/runs/${id}?task=train`, { theme, width });
    await page.getByRole("complementary", { name: "Details" }).getByText("error: it broke").first().waitFor();
    expect(await axe(page)).toEqual([]);
    if (width < 700) await page.keyboard.press("Escape");
    for (const [tab, seen] of [
      ["Graph", '[data-task="train"]'],
      ["Timeline", '[aria-label="Timeline"] [role="listitem"]'],
      ["Logs", '[data-line="1"]'],
      ["Artifacts", "text=No artifacts"],
      ["Inputs & outputs", "text=The pipeline takes no parameters."],
      ["Definition", 'pre[aria-label="Definition"]'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one tab after the other
      await page.getByRole("tab", { name: tab }).click();
      // oxlint-disable-next-line no-await-in-loop -- as above
      await page.locator(seen).first().waitFor();
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect(await axe(page), tab).toEqual([]);
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), `${tab} is as wide as the window`).toBeLessThanOrEqual(0);
    }
    expect(faults).toEqual([]);
  });
});
