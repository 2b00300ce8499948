import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { axe, stand } from "./harness";

// Notebooks that nobody uses are stopped, and it is looked at every few seconds whether they are used.
const { workbench, visit } = stand({ environment: { CORACLE_CULL_IDLE: "30", CORACLE_CULL_CHECK: "0.05" } });

const cell = (page: Page, row: string, text: string) => page.getByRole("row", { name: row }).getByText(text, { exact: true });

it("runs an example with one click on a first day", async () => {
  const { page, faults } = await visit("/");
  await page.getByRole("heading", { name: "Run an example" }).waitFor();
  await page.getByRole("button", { name: "Run hello" }).click();
  await page.waitForURL(/#\/runs\/[0-9a-f-]{36}/);
  await page.getByRole("heading", { name: /hello/ }).waitFor();
  await page.getByText("Succeeded").first().waitFor();
  await page.goto(`${workbench.pages}/#/`);
  await page.getByRole("link", { name: /hello/ }).first().waitFor();
  expect(await page.getByRole("heading", { name: "Run an example" }).count()).toBe(0);
  expect(faults).toEqual([]);
});

it("makes a notebook, opens JupyterLab and a shell in it, stops it, and takes back that it was deleted", async () => {
  const { page, faults } = await visit("/notebooks");
  await page.getByText("No notebooks yet").waitFor();
  await page.getByRole("link", { name: "New notebook" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill("journey");
  const yaml = page.getByRole("textbox", { name: "YAML" });
  expect(await yaml.inputValue()).toContain("claimName: journey-workspace");
  await yaml.fill((await yaml.inputValue()).replaceAll("1Gi", "768Mi"));
  expect(await page.getByLabel("Memory", { exact: true }).inputValue()).toBe("768Mi");
  await page.getByRole("button", { name: "Start notebook" }).click();

  await page.waitForURL(/open=default%2Fjourney/);
  await cell(page, "journey", "Ready").waitFor({ timeout: 300_000 });
  const details = page.getByRole("complementary", { name: "Details" });
  for (const place of [page.getByRole("row", { name: "journey" }), details]) await place.getByText(/^stops in (29|30) min when idle$/).waitFor();
  const [server] = await Promise.all([page.waitForEvent("popup"), details.getByRole("link", { name: "Open journey in a new tab" }).click()]);
  await server.locator("#jp-main-dock-panel").waitFor({ timeout: 60_000 });
  expect(server.url()).toContain("/notebook/default/journey/");
  await server.close();

  await details.getByRole("tab", { name: "Log" }).click();
  await details.getByRole("log").getByText(/Jupyter Server .* is running/).waitFor();
  await details.getByRole("tab", { name: "Events" }).click();
  await details.getByText("Started container journey").waitFor();
  await details.getByRole("tab", { name: "Terminal" }).click();
  await details.locator(".xterm-rows").getByText("journey-0").waitFor();
  await page.keyboard.type("echo answer-$((40 + 2))\n");
  await details.locator(".xterm-rows").getByText(/^answer-42/).waitFor();

  await details.getByRole("button", { name: "Stop journey" }).click();
  await cell(page, "journey", "Stopped").waitFor();
  await details.getByRole("tab", { name: "Overview" }).click();
  await details.getByLabel("Memory", { exact: true }).fill("512Mi");
  await details.getByRole("button", { name: "Save changes" }).click();
  await details.getByRole("button", { name: "Discard" }).waitFor({ state: "detached" });

  await details.getByRole("button", { name: "More about journey" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByText("No notebooks yet").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await cell(page, "journey", "Stopped").waitFor();
  expect(await page.getByRole("row", { name: "journey" }).innerText()).toContain("Stopped");
  expect(faults).toEqual([]);
}, 420_000);

it("says what of the machine is given away, and to whom", async () => {
  const { page, faults } = await visit("/settings");
  await page.getByRole("button", { name: /docker/ }).click();
  const machine = page.getByRole("dialog", { name: "Machine" });
  await machine.getByRole("meter", { name: "Memory given" }).waitFor();
  await machine.getByText("Nothing holds any of it.").waitFor();
  expect(await axe(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await machine.waitFor({ state: "detached" });
  expect(faults).toEqual([]);
});

it("makes a secret, and deletes it once nobody has taken it back", async () => {
  const { page, faults } = await visit("/secrets");
  await page.getByRole("button", { name: "New secret" }).click();
  await page.getByLabel("Name", { exact: true }).fill("my-token");
  await page.getByLabel("Name of key 1").fill("token");
  await page.getByLabel("Value of key 1").fill("grüße");
  await page.getByRole("button", { name: "Make secret" }).click();
  const row = page.getByRole("row", { name: "my-token" });
  await row.getByText("token", { exact: true }).waitFor();
  expect(workbench.command("secret", "list")).toContain("my-token");

  const drop = async () => {
    await row.getByRole("button", { name: "More about my-token" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await row.waitFor({ state: "detached" });
  };
  await drop();
  await page.getByRole("button", { name: "Undo" }).click();
  await row.waitFor();
  const gone = page.waitForResponse((response) => response.request().method() === "DELETE");
  await drop();
  expect((await gone).status()).toBe(204);
  await page.getByText("No secrets yet").waitFor();
  expect(workbench.command("secret", "list")).not.toContain("my-token");
  expect(faults).toEqual([]);
});

it("makes a volume and says who uses one", async () => {
  const { page, faults } = await visit("/volumes");
  await page.getByRole("row", { name: "journey-workspace" }).getByRole("link", { name: "notebook journey" }).waitFor();
  await page.getByRole("button", { name: "New volume" }).click();
  await page.getByLabel("Name", { exact: true }).fill("digits");
  await page.getByRole("button", { name: "Make volume" }).click();
  await page.getByRole("row", { name: "digits" }).waitFor();
  await page.getByRole("button", { name: "Delete volume" }).waitFor();
  expect(workbench.command("volume", "list")).toContain("digits");
  expect(faults).toEqual([]);
});

describe.each(["light", "dark"] as const)("can be used by everybody (%s)", (theme) => {
  it.each([
    ["/", "Home", "Machine"],
    ["/notebooks", "Notebooks", "journey"],
    ["/notebooks?open=default%2Fjourney", "Notebooks", "Address"],
    ["/notebooks/new", "New notebook", "Workspace"],
    ["/volumes?open=default%2Fjourney-workspace", "Volumes", "Used by"],
    ["/secrets?make=secrets", "Secrets", "New secret"],
    ["/disk", "Disk", "Nothing to free"],
    ["/settings", "Settings", "Silent"],
  ])("%s", async (path, title, shown) => {
    const { page, faults } = await visit(path, { theme });
    await page.getByRole("heading", { name: title, exact: true }).waitFor();
    await page.getByText(shown, { exact: true }).first().waitFor();
    expect(await axe(page)).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
