// Every journey, without a pointer.

import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { group, pipelineFile, step } from "./definition";
import { stand } from "./harness";
import { Keys } from "./keys";

const { workbench, visit } = stand();

const begin = async (address: string) => {
  const { page, faults } = await visit(address);
  await page.locator("main h1").first().waitFor();
  return { page, faults, keys: new Keys(page) };
};

/** A run that has ended. */
const ran = (file: string, ...words: string[]): string => (JSON.parse(workbench.command("run", file, ...words, "-o", "json")) as { run_id: string }).run_id;

const node = (page: Page, path: string) => page.locator(`[data-task="${path}"]`);
const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { level: 1, name });

it("uploads, runs with a parameter, watches it fail, sees the line, mends it, and runs it again from there", async () => {
  const { page, faults, keys } = await begin("/");
  const file = pipelineFile(
    workbench.home,
    "journey",
    [step("load", "echo loading {{$.inputs.parameters['word']}}", { inputs: ["word"], caches: true }), step("train", "echo training; echo 'ValueError: too few rows' >&2; exit 3", { after: ["load"] })],
    ["word"],
  );
  await keys.press("g");
  await keys.press("p");
  await heading(page, "Pipelines").waitFor();
  await keys.activate("button", "Upload pipeline");
  const panel = page.getByRole("complementary", { name: "Details" });
  const chooser = page.waitForEvent("filechooser");
  await keys.activate("button", /Choose a file/, panel);
  await (await chooser).setFiles(file);
  await keys.activate("button", "Upload pipeline", panel);
  await heading(page, "journey").waitFor();

  await keys.activate("button", "New run");
  await keys.fill(/^word ·/, "by hand");
  await page.getByLabel("What will be sent").getByText('"word": "by hand"').waitFor();
  await keys.press("Enter");
  await heading(page, "journey · run 1").waitFor();
  await node(page, "train").getByText("Failed").waitFor();

  // From task to task by arrows, into the panel and back.
  await keys.to("button", /load/, page.getByRole("region", { name: "Graph" }));
  await keys.press("ArrowRight");
  const train = node(page, "train").getByRole("button");
  await keys.arrives(train);
  await keys.press("Enter");
  await panel.getByText("ValueError: too few rows").first().waitFor();
  await keys.arrives(panel.locator("header [tabindex]"));
  await keys.press("Escape");
  await panel.waitFor({ state: "detached" });
  await keys.arrives(train);

  await keys.activate("link", "Show the line");
  await page.getByRole("region", { name: "Log of train" }).locator("[class*=failing]").getByText("ValueError").waitFor();

  await keys.press("g");
  await keys.press("p");
  await heading(page, "Pipelines").waitFor();
  await keys.to("row", /journey/);
  await keys.press("Enter");
  await heading(page, "journey").waitFor();
  await keys.activate("button", "Edit");
  await keys.to("textbox", "Definition");
  await keys.press("Control+f");
  await keys.arrives(page.getByPlaceholder("Find"));
  await keys.type("exit 3");
  await keys.until("Tab", page.getByPlaceholder("Replace"));
  await keys.type("exit 0");
  await keys.activate("button", "replace all");
  await keys.press("Escape");
  await keys.fill("Name of the new version", "mended");
  await keys.press("Enter");
  await page.getByRole("region", { name: "Changes" }).getByText("exit 0").waitFor();
  await keys.activate("button", "New run");
  await heading(page, "New run").waitFor();
  await keys.fill(/^word ·/, "by hand");
  await keys.press("Enter");
  await heading(page, "journey · run 2").waitFor();
  await node(page, "train").getByText("Succeeded").waitFor();

  await keys.to("button", /train/, page.getByRole("region", { name: "Graph" }));
  await keys.press("Enter");
  await panel.waitFor();
  await keys.activate("button", "Run again from here", panel);
  await page.getByText("A new run begins with train").waitFor();
  await page.getByText("Succeeded").first().waitFor();
  expect(faults).toEqual([]);
});

it("chooses two runs and compares them", async () => {
  const file = pipelineFile(workbench.home, "pair", [step("say", "echo {{$.inputs.parameters['word']}}", { inputs: ["word"] })], ["word"]);
  for (const word of ["one", "two"]) ran(file, "-p", `word=${word}`, "--name", `pair ${word}`);
  const { page, faults, keys } = await begin("/runs");
  await keys.to("row", /pair one/);
  await keys.press(" ");
  await keys.until("ArrowUp", page.getByRole("row", { name: /pair two/ }));
  await keys.press(" ");
  await page.getByText("2 selected").waitFor();
  await keys.activate("button", "Compare");
  await page.getByText("2 runs that differ in word").waitFor();
  await keys.to("region", "Parameters");
  expect(faults).toEqual([]);
});

it("goes into groups and loops, and out of them", async () => {
  const file = pipelineFile(workbench.home, "grouped", [
    step("start", "true"),
    group("each", [step("measure", "echo {{$.inputs.parameters['item']}}", { inputs: ["item"] })], { over: ["a", "b"], after: ["start"] }),
  ]);
  const id = ran(file);
  const { page, faults, keys } = await begin(`/runs/${id}`);
  await node(page, "each").getByText("2 iterations").waitFor();
  await keys.to("button", "Open each");
  await keys.press("Enter");
  await node(page, "each[0]/measure").waitFor();
  // The group is another element now, and has the focus still.
  await keys.arrives(node(page, "each").getByRole("button").first());
  await keys.press("ArrowDown");
  await keys.arrives(node(page, "each[0]/measure").getByRole("button"));
  await keys.to("combobox", "Iteration of each");
  await keys.type("1");
  await node(page, "each[1]/measure").waitFor();
  await keys.activate("button", "Close each");
  await keys.arrives(node(page, "each").getByRole("button").first());

  await keys.turnTo("Timeline");
  await keys.to("button", /start/, page.getByRole("list", { name: "Tasks" }));
  await keys.press("Enter");
  await page.getByRole("complementary", { name: "Details" }).waitFor();
  expect(faults).toEqual([]);
});

it("schedules, pauses, deletes and takes it back", async () => {
  const { page, faults, keys } = await begin("/recurring");
  await keys.activate("button", "Schedule a run", page.locator("header"));
  await keys.to("combobox", "Pipeline");
  await keys.type("journey");
  await keys.fill("Name", "nightly");
  await keys.fill(/^word ·/, "at night");
  await keys.fill("Cron expression", "0 30 2 * * *");
  await page.getByText("At 02:30, UTC").waitFor();
  await keys.activate("button", "Schedule journey");
  const row = page.getByRole("row", { name: /nightly/ });
  await row.getByText("Scheduled").waitFor();
  await keys.activate("button", "Pause nightly", row);
  await row.getByText("Paused").waitFor();
  await keys.choose("More", "Delete", page.getByRole("complementary", { name: "Details" }));
  await row.waitFor({ state: "detached" });
  await keys.press("Control+z");
  await row.getByText("Paused").waitFor();
  expect(faults).toEqual([]);
});

it("looks into artifacts and walks along their lineage", async () => {
  const id = ran("e2e/fixtures/previews.yaml");
  const { page, faults, keys } = await begin(`/artifacts?run=${id}`);
  await keys.to("row", /settings/);
  await keys.press("Enter");
  await heading(page, "settings").waitFor();
  await page.getByText('"layers": [').waitFor();
  await keys.turnTo("Lineage");
  const lineage = page.getByRole("tabpanel", { name: "Lineage" });
  await keys.activate("link", /make/, lineage);
  await heading(page, /previews/).waitFor();
  expect(page.url()).toContain(id);
  expect(faults).toEqual([]);
});

it("deletes runs and takes that back, and is led on where they were", async () => {
  ran(pipelineFile(workbench.home, "spare", [step("only", "true")]));
  ran(pipelineFile(workbench.home, "newest", [step("only", "true")]));
  const { page, faults, keys } = await begin("/runs");
  const runs = page.getByRole("table", { name: "Runs" }).getByRole("row");
  await page.getByText(/^\d+ runs$/).waitFor();
  const gone = page.getByRole("row", { name: /spare/ });
  await keys.choose(/What can be done to spare/, "Delete");
  await gone.waitFor({ state: "detached" });
  // The row that took its place has the focus.
  await keys.arrives(runs);
  await keys.press("Control+z");
  await gone.waitFor();

  await keys.to("row", /spare/);
  await keys.press(" ");
  await keys.activate("button", "Delete", page.getByRole("toolbar", { name: "Selected runs" }));
  await gone.waitFor({ state: "detached" });
  await keys.press("Control+z");
  await gone.waitFor();
  expect(faults).toEqual([]);
});

it("makes a secret, deletes it and takes that back", async () => {
  const { page, faults, keys } = await begin("/secrets");
  await keys.activate("button", "New secret");
  await keys.fill("Name", "token");
  await keys.fill("Name of key 1", "key");
  await keys.to("textbox", "Value of key 1");
  await keys.type("value");
  await keys.press("Enter");
  const row = page.getByRole("row", { name: /token/ });
  await row.waitFor();
  await keys.choose("More about token", "Delete");
  await row.waitFor({ state: "detached" });
  await keys.press("Control+z");
  await row.waitFor();
  await keys.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await keys.press("Escape");
  await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "detached" });
  expect(faults).toEqual([]);
});

it("makes a notebook, opens it and runs a cell", async () => {
  const { page, faults, keys } = await begin("/notebooks");
  await keys.activate("link", "New notebook", page.locator("header"));
  await heading(page, "New notebook").waitFor();
  await keys.fill("Name", "journey");
  await keys.activate("button", "Start notebook");
  const row = page.getByRole("row", { name: /journey/ });
  await row.getByText("Ready", { exact: true }).waitFor({ timeout: 300_000 });
  await keys.to("link", "Open journey in a new tab");
  const [server] = await Promise.all([page.waitForEvent("popup"), keys.press("Enter")]);
  const lab = new Keys(server);
  await server.locator("#jp-main-dock-panel").waitFor({ timeout: 60_000 });
  // Its own keys: everything by its name, then a cell.
  await server.getByRole("region", { name: "main area content" }).or(server.locator(".jp-Launcher")).first().waitFor();
  await lab.press("Control+Shift+c");
  await server.locator("#command-palette input").waitFor();
  await lab.type("New Notebook");
  await server.locator(".lm-CommandPalette-item.lm-mod-active").waitFor();
  await lab.press("Enter");
  await server.locator(".jp-Notebook").waitFor();
  const kernel = server.getByRole("button", { name: "Select Kernel" });
  await kernel.waitFor();
  await lab.press("Enter");
  await kernel.waitFor({ state: "detached" });
  await server.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").waitFor();
  await lab.press("Enter");
  await lab.type("6 * 7");
  await lab.press("Shift+Enter");
  await server.locator(".jp-OutputArea-output").getByText("42").waitFor();
  await server.close();

  await keys.choose("More about journey", "Delete", row);
  await row.waitFor({ state: "detached" });
  await keys.press("Control+z");
  await row.waitFor();
  expect(faults).toEqual([]);
}, 420_000);
