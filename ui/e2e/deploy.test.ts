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
async function draws(page: Page) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [390, 1440]) {
      /* oxlint-disable no-await-in-loop -- one look after the other */
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      const shots = process.env["CORACLE_SHOTS"];
      if (shots) await page.screenshot({ path: join(shots, `deploy-object-${colorScheme}-${width}.png`), animations: "disabled" });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
      expect(await axe(page)).toEqual([]);
      /* oxlint-enable no-await-in-loop */
    }
  }
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
