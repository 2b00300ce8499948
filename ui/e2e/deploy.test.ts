import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { axe, stand } from "./harness";

// A cluster of its own, so that whoever else has one on this machine keeps it.
const own = { ...process.env, CORACLE_CLUSTER: "pages", CORACLE_CLUSTER_PORT: "19443" };
const up = spawnSync("../tests/cluster/up", ["--crds"], { env: own, encoding: "utf8" });
const UNAVAILABLE = 3;
if (up.status !== 0 && up.status !== UNAVAILABLE) throw new Error(up.stderr);
const kubeconfig = up.stdout.trim();
const { workbench, visit } = stand({ engine: "process", environment: { KUBECONFIG: kubeconfig } });

const kubectl = (config: string, words: readonly string[], input = "") => execFileSync("kubectl", ["--kubeconfig", config, ...words], { input, encoding: "utf8" });

/** In both themes and widths it fits, and everybody can use it. */
async function draws(page: Page, name = "deploy-object") {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [390, 1440]) {
      /* oxlint-disable no-await-in-loop -- one look after the other */
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      const shots = process.env["CORACLE_SHOTS"];
      if (shots) await page.screenshot({ path: join(shots, `${name}-${colorScheme}-${width}.png`), animations: "disabled" });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
      expect(await axe(page)).toEqual([]);
      /* oxlint-enable no-await-in-loop */
    }
  }
}

/** What was sent is shown beside the contexts, gone back from, followed and deleted there. */
async function lists(page: Page) {
  const there = (...words: string[]) => kubectl(kubeconfig, words).trim();
  const job = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "sum" }, spec: { suspend: true, template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "busybox" }] } } } };
  kubectl(workbench.command("kubeconfig").trim(), ["apply", "-f", "-"], JSON.stringify(job));
  workbench.command("deploy", "job/sum", "--context", "admin", "--yes");

  await page.goto(`${workbench.pages}/#/clusters`);
  await page.getByRole("row", { name: /admin/ }).click();
  await page.getByRole("complementary", { name: "Details" }).getByText(/^Kubernetes v/).waitFor();
  await page.getByRole("tab", { name: "Sent there" }).click();
  expect(page.url()).toContain("context=admin");
  const table = page.getByRole("table", { name: "Sent to admin" });
  const row = (name: string) => table.getByRole("row", { name: new RegExp(name) });
  await row("sum").getByText("Job sum").waitFor();
  // It was gone back from already.
  await row("settings").getByText("Gone back from").waitFor();
  await row("settings").getByText("admin", { exact: true }).waitFor();
  await row("sum").click();
  const details = page.getByRole("complementary", { name: "Details" });
  const objects = details.getByRole("list", { name: "Objects in admin" });
  await objects.getByText("Under way").waitFor();
  await details.getByRole("button", { name: "Follow" }).click();
  const log = details.getByRole("log", { name: "Log of job/sum in admin" });
  await log.getByText(/^— /).waitFor();
  expect(page.url()).toMatch(/follow=.*job(%2F|\/)sum/);
  await draws(page, "sent");
  kubectl(kubeconfig, ["delete", "job", "sum", "--wait=false"]);
  await log.getByText(/deleted/).waitFor();
  await details.getByRole("button", { name: "Look again at sum" }).click();
  await objects.getByText("Gone", { exact: true }).waitFor();

  await details.getByRole("button", { name: "Delete" }).click();
  const question = page.getByRole("dialog", { name: "Delete sum from admin?" });
  await question.getByText("Job sum is deleted there").waitFor();
  await question.getByRole("button", { name: "Cancel" }).click();
  await row("settings").click();
  await objects.getByText("There", { exact: true }).waitFor();
  await details.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("list", { name: "What came of it" }).getByText("Deleted").waitFor();
  await row("settings").waitFor({ state: "detached" });
  expect(there("get", "configmaps", "--ignore-not-found", "settings")).toBe("");

  // Who sent it elsewhere sees it here when it looks again.
  workbench.command("deploy", "configmap/settings", "--context", "admin", "--yes");
  await page.getByRole("button", { name: "Look again" }).click();
  await row("settings").click();
  await details.getByRole("button", { name: "Roll back" }).click();
  await page.getByRole("dialog", { name: "Roll settings back in admin?" }).getByRole("button", { name: "Roll back" }).click();
  await page.getByRole("list", { name: "What came of it" }).getByText("Deleted").waitFor();
  expect(there("get", "configmaps", "--ignore-not-found", "settings")).toBe("");
}

it.skipIf(up.status === UNAVAILABLE)("sends what runs here to a cluster, changes it there and goes back", async () => {
  try {
    const here = workbench.command("kubeconfig").trim();
    const keep = (colour: string) => kubectl(here, ["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data: { colour } }));
    const there = () => kubectl(kubeconfig, ["get", "configmap", "settings", "-o", "jsonpath={.data.colour}"]);
    keep("blue");
    const { page, faults } = await visit("/deploy?what=configmap%2Fsettings");
    await page.getByLabel("Context", { exact: true }).selectOption("admin");
    expect(await page.getByRole("button", { name: "Send to admin" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Show what would change" }).click();
    await page.getByText("Would be created").waitFor();
    const preflight = page.locator("section").filter({ has: page.getByRole("heading", { name: "Whether the cluster can take it" }) });
    await preflight.getByText("Nothing keeps it from working there").waitFor();
    await preflight.getByText(/^Kubernetes v/).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole("button", { name: "Send to admin" }).click();
    await page.getByText("Created", { exact: true }).waitFor();
    expect(there()).toBe("blue");

    keep("red");
    await page.getByRole("button", { name: "Show what would change" }).click();
    await page.getByLabel("Difference of ConfigMap settings").getByText("+  colour: red").waitFor();
    await draws(page);
    await page.getByRole("button", { name: "Send to admin" }).click();
    await page.getByText("Changed", { exact: true }).waitFor();
    expect(there()).toBe("red");
    await page.getByRole("button", { name: "Go back to what was there before" }).click();
    await page.getByText("Restored", { exact: true }).waitFor();
    expect(there()).toBe("blue");

    await lists(page);

    await page.goto(`${workbench.pages}/#/deploy?what=configmap%2Fsettings`);
    await page.getByLabel("Context", { exact: true }).selectOption("limited");
    await page.getByRole("button", { name: "Show what would change" }).click();
    await page.getByText(/forbidden|may not|does not let/i).first().waitFor();
    expect(await page.getByRole("button", { name: "Send to limited" }).isDisabled()).toBe(true);
    // What is missing is told with a command that mends it.
    await preflight.getByText("It would not work there as it is").waitFor();
    await preflight.getByRole("button", { name: "Copy as" }).first().click();
    await page.getByRole("menuitem", { name: "command" }).waitFor();
    await page.keyboard.press("Escape");
    expect(faults.filter((fault) => !fault.includes("status of 4"))).toEqual([]);
  } finally {
    spawnSync("../tests/cluster/down", { env: own });
  }
}, 120_000);
